"""Faces of the study seen from the side that the camera has not seen: truth, and what each method makes of it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from PIL import Image, ImageDraw, ImageFont
from scipy.spatial.transform import Rotation

from experiments.symmetry_study.faces import TurnedFace
from experiments.symmetry_study.methods import METHODS
from seethrough.details.symmetry.symmetry_plane import RigidMotion, rigid_fit
from seethrough.meshes import Mesh
from seethrough.rendering import Renderer
from seethrough.rendering.camera import Camera

SHOWN = ("foundation only", "plain mirroring", "paper", "default", "default, stitched")
_TILE, _STRIP = 320, 18
_LIGHT = np.array([-0.5, -0.6, -0.62])


def shaded(mesh: Mesh, camera: Camera) -> np.ndarray:
    """Draw a mesh of the camera frame in one grey under a light from the upper left: (H, W, 3) uint8."""
    light = mesh.normals() @ (_LIGHT / np.linalg.norm(_LIGHT))
    grey = torch.from_numpy(0.1 + 0.85 * np.clip(light, 0, 1)).float()
    renderer = Renderer(torch.from_numpy(mesh.triangles.astype(np.int32)), camera, cull=True)
    image = renderer(torch.from_numpy(mesh.vertices).float()[None], grey[None, :, None].expand(1, -1, 3)).image[0]
    return (image.clamp(0, 1) * 255).round().byte().permute(1, 2, 0).numpy()


def from_the_hidden_side(face: TurnedFace) -> RigidMotion:
    """Return the motion that turns the side which the camera has not seen to it, 50 degrees from the front."""
    points = face.foundation.vertices.double().numpy()
    upright = rigid_fit(points, face.model.mean.double().numpy())
    middle, flip = points.mean(0), np.diag([1.0, -1.0, -1.0])
    normals = face.truth.normals()[face.across]
    motions = []
    for degrees in (-50, 50):
        turn = Rotation.from_euler("y", degrees, degrees=True).as_matrix() @ flip @ upright.rotation
        motions.append(RigidMotion(turn, [0, 0, middle[2]] - turn @ middle))
    return min(motions, key=lambda motion: (normals @ motion.rotation.T)[:, 2].mean())


def write_picture(path: Path, faces: Sequence[TurnedFace]) -> None:
    """Write one row a face: what the camera sees, then the other side of the truth and of the methods."""
    headings = ["camera", "truth", *SHOWN]
    sheet = Image.new("RGB", (len(headings) * _TILE, len(faces) * _TILE + _STRIP))
    draw = ImageDraw.Draw(sheet)
    for place, heading in enumerate(headings):
        draw.text((place * _TILE + 4, 3), heading, fill=(255, 255, 255), font=ImageFont.load_default(12))
    for row, face in enumerate(faces):
        camera = face.foundation.camera.resized(_TILE)
        motion = from_the_hidden_side(face)
        tiles = [shaded(face.truth, camera)]
        for mesh in (face.truth, *(METHODS[name](face) for name in SHOWN)):
            tiles.append(shaded(Mesh(motion(mesh.vertices), mesh.triangles), camera))
        for column, tile in enumerate(tiles):
            sheet.paste(Image.fromarray(tile), (column * _TILE, row * _TILE + _STRIP))
    sheet.save(path)
