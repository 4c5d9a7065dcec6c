"""Turned faces of the study: what the camera gives, and the whole surface that it does not."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache

import numpy as np
import torch
from torch import Tensor

from datamodules.detail.chart import read
from datamodules.detail.config import DetailSceneConfig
from datamodules.detail.framing import frame
from datamodules.detail.painter import FIELD_MM, foundation_projection
from datamodules.detail.relief import ReliefPainter
from datamodules.synthetic.scene import SceneSampler
from datamodules.synthetic.skin_map import skin_map
from seethrough.details.foundation import Foundation, foundation_from_vertices
from seethrough.meshes import Mesh
from seethrough.morphable import FaceModel, load_face_model
from seethrough.rendering import Renderer, pose, rotation_matrix
from seethrough.rendering.camera import Camera

TRUTH_LEVEL, MODEL_LEVEL = 2, 1
_SPLIT = 93  # keeps these people apart from those of data/detail
_SEEN_MM = 2.5
_LARGEST_BUMP_MM = 8.0
_STEEPEST = 4.0


@dataclass(frozen=True)
class TurnedFace:
    """One person, seen from one side.

    Attributes:
        name: seed, number and yaw.
        yaw: degrees.
        model: of the foundation.
        foundation: the closest face of few identity modes, with the true expression and pose.
        detailed_depth: (1, S, S) mm, exact.
        visible: (1, S, S), pixels where the detailed depth and the foundation's are of one surface.
        truth: the whole detailed surface, camera frame.
        hidden: (N,) vertices of the truth's skin that the camera does not see.
        across: (N,) those of them whose partner on the other side it sees.
        seen: (N,) those that it sees.
    """

    name: str
    yaw: float
    model: FaceModel
    foundation: Foundation
    detailed_depth: Tensor
    visible: Tensor
    truth: Mesh
    hidden: np.ndarray
    across: np.ndarray
    seen: np.ndarray


@cache
def _model(level: int) -> FaceModel:
    return load_face_model("open", level=level)


def turned_faces(seed: int, count: int, yaws: list[float], size: int, modes: int) -> Iterator[TurnedFace]:
    """Yield ``count`` people of one seed, each turned by each yaw, odd ones to the other side.

    Args:
        seed: people of different seeds are different.
        count: of people.
        yaws: degrees.
        size: px of the crop.
        modes: identity modes of the foundation; 0 is all, which leaves the relief as the only difference.
    """
    config = DetailSceneConfig(level=TRUTH_LEVEL, image_size=size)
    fine = _model(TRUTH_LEVEL)
    key = (seed, _SPLIT)
    scenes, skin = SceneSampler(fine, config, key), skin_map(fine)
    texel = float(np.clip(0.45 * FIELD_MM / size, 0.2, 1.0))
    painter = ReliefPainter(fine, skin.places, texel, key, 1.0)
    projection = foundation_projection(fine, modes)
    for index in range(count):
        scene = scenes.scene(0, index)
        relief = painter.paint(scene).height
        chart = painter.chart
        places = (skin.places - [chart.left, chart.bottom]) / texel
        height = np.array([read(relief, x, y) for x, y in places.astype(np.float32)], dtype=np.float32)
        height[skin.eyeballs] = 0
        for yaw in yaws:
            angles = scene.rotation * np.float32(0.4)
            angles[1] = np.radians(yaw) * (-1) ** index
            turned = replace(scene, rotation=angles.astype(np.float32))
            yield _seen(turned, height, projection, size, f"{seed}-{index} {yaw:g}", yaw)


def _seen(scene, height: np.ndarray, projection: np.ndarray, size: int, name: str, yaw: float) -> TurnedFace:
    fine, coarse = _model(TRUTH_LEVEL), _model(MODEL_LEVEL)
    identity, expression = (torch.from_numpy(values)[None] for values in (scene.identity, scene.expression))
    shape = fine.shape(identity, expression)
    angles = torch.from_numpy(scene.rotation)[None]
    landmarks = fine.landmark_positions(shape)[0].numpy()
    scene, focal = frame(scene, landmarks, rotation_matrix(angles)[0].numpy(), size, 0.0)
    translation = torch.from_numpy(scene.translation)[None]
    camera = Camera(focal, size, size)
    smooth = Mesh(pose(shape, angles, translation)[0].numpy(), fine.triangles.numpy())
    truth = Mesh(smooth.vertices + smooth.normals() * height[:, None], smooth.triangles)

    few = torch.from_numpy(projection @ scene.identity).float()[None]
    vertices = pose(coarse.shape(few, expression), angles, translation)[0]
    foundation = foundation_from_vertices(coarse, vertices, camera)
    true_depth, true_mask = Renderer(fine.triangles, camera).depth(torch.from_numpy(truth.vertices).float()[None])
    depth, mask = Renderer(foundation.triangles, camera).depth(vertices[None])
    bump = (depth - true_depth)[0]
    flat = (mask[0] > 0) & (true_mask[0] > 0) & (bump.abs() <= _LARGEST_BUMP_MM)
    steep = torch.zeros_like(flat)
    for values in (depth[0], true_depth[0]):
        for axis in (1, 2):
            jump = values.diff(dim=axis).abs() > _STEEPEST * FIELD_MM / size
            steep.narrow(axis, 0, size - 1).logical_or_(jump)
            steep.narrow(axis, 1, size - 1).logical_or_(jump)
    visible = (flat & ~steep).float()
    face = (fine.regions["face"] > 0.5).numpy()
    face[smooth.triangles[skin_map(fine).mouth]] = False
    hidden = face & ~_in_view(truth, camera, true_depth[0, 0].numpy())
    seen = face & ~hidden
    places = [np.flatnonzero(part) for part in (hidden, hidden & seen[fine.mirror.numpy()], seen)]
    return TurnedFace(name, yaw, coarse, foundation, depth[0] - bump, visible, truth, *places)


def _in_view(truth: Mesh, camera: Camera, depth: np.ndarray) -> np.ndarray:
    """Return (V,) bool: vertices that face the camera and that nothing hides."""
    x, y, z = truth.vertices.T
    column = np.clip(x / z * camera.focal + camera.width / 2, 0, camera.width - 1).astype(int)
    row = np.clip(y / z * camera.focal + camera.height / 2, 0, camera.height - 1).astype(int)
    facing = -(truth.normals() * truth.vertices).sum(1) > 0
    return facing & (z - depth[row, column] < _SEEN_MM) & (depth[row, column] > 0)
