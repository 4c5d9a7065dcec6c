"""Pictures of a face's meshes as the photo shows it, from the front, and turned."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch

from experiments.reconstruction.drawing import Layer, clay, drawn_mesh, of_clay
from seethrough.details.symmetry.symmetry_plane import RigidMotion
from seethrough.rendering import REST_DISTANCE, Camera

_FILLED = 0.9  # of a picture's side, by the larger of height and width


@dataclass(frozen=True)
class PosedMesh:
    """A mesh of the camera frame.

    Attributes:
        vertices: (N, 3) mm, camera frame.
        triangles: (T, 3).
        colours: (N, 3) RGB in [0, 1], or None.
    """

    vertices: np.ndarray
    triangles: np.ndarray
    colours: np.ndarray | None = None


@dataclass(frozen=True)
class FaceViews:
    """The cameras of one face.

    Attributes:
        photo: the camera of the detail crop.
        frame: from its frame to the frontal frame.
        middle: (3,) mm, frontal frame, about which the face turns.
        extent: mm, the larger of the foundation's height and width.
    """

    photo: Camera
    frame: RigidMotion
    middle: np.ndarray
    extent: float

    @classmethod
    def of(cls, photo: Camera, frame: RigidMotion, foundation: np.ndarray) -> FaceViews:
        """Place the cameras for a foundation (V, 3), mm, camera frame."""
        frontal = frame(foundation)
        low, high = frontal.min(0), frontal.max(0)
        return cls(photo, frame, (low + high) / 2, float((high - low)[:2].max()))

    def aligned(self, mesh: PosedMesh, size: int) -> list[Layer]:
        """Draw a mesh as the photo shows the face: as clay, and where it has colours in these too."""
        return _drawn(mesh.vertices, mesh, self.photo.resized(size))

    def turned(self, mesh: PosedMesh, size: int, *yaws: float) -> Iterator[list[Layer]]:
        """Draw a mesh from the front, turned by each yaw (rad) about the vertical: positive shows more of the left."""
        centred = self.frame(mesh.vertices) - self.middle
        camera = Camera(_FILLED * size * REST_DISTANCE / self.extent, size, size)
        for yaw in yaws:
            c, s = math.cos(yaw), math.sin(yaw)
            points = centred @ (np.array([[c, 0, s], [0, 1, 0], [-s, 0, c]]).T * [1, -1, -1])
            points[:, 2] += REST_DISTANCE
            yield _drawn(points, mesh, camera)


def _drawn(points: np.ndarray, mesh: PosedMesh, camera: Camera) -> list[Layer]:
    vertices = torch.from_numpy(np.ascontiguousarray(points, dtype=np.float32))[None]
    triangles = torch.from_numpy(np.ascontiguousarray(mesh.triangles, dtype=np.int32))
    colours = clay(vertices, triangles)
    if mesh.colours is not None:
        # Both are drawn at once: finding out what each pixel sees is what takes time.
        own = torch.from_numpy(np.ascontiguousarray(mesh.colours, dtype=np.float32))[None]
        colours = torch.cat([colours, own], dim=2)
    both = drawn_mesh(vertices, triangles, colours, camera)
    layers = [of_clay(Layer(both.colour[:1], both.opacity))]
    return layers if mesh.colours is None else [*layers, Layer(both.colour[1:], both.opacity)]
