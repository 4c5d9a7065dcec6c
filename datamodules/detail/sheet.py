"""Tiles of contact sheets that show a face with relief: picture, relief in raking light, bump in colours."""

from __future__ import annotations

import numpy as np

from datamodules.detail.generator import DetailFace

FULL_SCALE_MM = 2.5
"""The bump at which the colours end."""

_LAMP = np.array([-0.55, -0.6, -0.58])
_BELOW, _LEVEL, _ABOVE = np.array([20, 60, 150.0]), np.array([245, 245, 240.0]), np.array([160, 30, 20.0])


def tiles(face: DetailFace) -> np.ndarray:
    """Return picture, shaded relief and bump one above the other, (3 S, S, 3) uint8; red is towards the camera."""
    picture = face.image.transpose(1, 2, 0)
    relief = np.repeat(shaded(face.depth - face.bump, face.focal)[..., None], 3, 2)
    share = np.clip(face.bump / FULL_SCALE_MM, -1, 1)[..., None]
    colours = np.where(share > 0, _LEVEL + share * (_ABOVE - _LEVEL), _LEVEL - share * (_BELOW - _LEVEL))
    known = face.mask[..., None]
    parts = [picture, np.where(known, relief * 255, 0), np.where(known, colours, 0)]
    return np.concatenate([np.clip(part, 0, 255).astype(np.uint8) for part in parts])


def shaded(depth: np.ndarray, focal: float) -> np.ndarray:
    """Light the surface of a depth map from the upper left: (S, S) float in [0, 1].

    Args:
        depth: (S, S) mm, camera frame.
        focal: px; the principal point is the middle.
    """
    size = len(depth)
    centre = np.arange(size) + 0.5 - size / 2
    down, right = np.gradient(depth.astype(np.float64))
    ahead = -(depth + centre[None] * right + centre[:, None] * down)
    normals = np.stack([focal * right, focal * down, ahead], -1)
    normals /= np.maximum(np.linalg.norm(normals, axis=-1, keepdims=True), 1e-9)
    return np.clip(0.12 + 0.88 * (normals @ (_LAMP / np.linalg.norm(_LAMP))), 0, 1)
