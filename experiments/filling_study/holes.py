"""Holes of the study: the paper's square, something held before the face, and a cover of its lower half."""

from __future__ import annotations

import numpy as np

HOLES = ("square", "hand", "lower")
SQUARE = 75 / 500
"""Side of the paper's square over that of the crop (Sec. 5.2)."""


def hole(kind: str, face: np.ndarray, landmarks: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return an (S, S) bool hole inside a face.

    Args:
        kind: one of :data:`HOLES`.
        face: (S, S) bool.
        landmarks: (68, 2) px.
        rng: decides place and direction.
    """
    size = len(face)
    y, x = np.mgrid[:size, :size] + 0.5
    if kind == "square":
        places = np.argwhere(face)
        row, column = places[rng.integers(len(places))] + 0.5
        shape = (np.abs(y - row) <= SQUARE * size / 2) & (np.abs(x - column) <= SQUARE * size / 2)
    elif kind == "hand":
        middle, angle = landmarks.mean(0) + size * rng.uniform(-0.08, 0.08, 2), rng.uniform(0, np.pi)
        along = (x - middle[0]) * np.cos(angle) + (y - middle[1]) * np.sin(angle)
        across = (y - middle[1]) * np.cos(angle) - (x - middle[0]) * np.sin(angle)
        shape = (along / (0.2 * size)) ** 2 + (across / (0.09 * size)) ** 2 < 1
    else:
        shape = y > landmarks[33, 1]
    return shape & face
