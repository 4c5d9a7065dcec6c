"""Face-like height fields with known formulas, as scans and as predictions.

The official results in ``test_scan_to_mesh.py`` belong to exactly these shapes, so every number here is fixed. mm; x to
the viewer's right, y up, z towards the viewer.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

# height, which trait raises it and by how much, then centre and width along x and y; a pair stands on both sides
_FEATURES = (
    ((22.0, 0, 2.0), (0.0, -18.0), (11.0, 17.0)),  # tip of the nose
    ((9.0, 0, 1.0), (0.0, 2.0), (8.0, 22.0)),  # its bridge
    ((4.0, 1, 1.0), (30.0, 33.0), (20.0, 8.0)),  # brows
    ((-7.0, 1, -0.7), (32.0, 18.0), (15.0, 9.0)),  # sockets of the eyes
    ((5.0, 2, 1.5), (42.0, -15.0), (20.0, 18.0)),  # cheeks
    ((4.0, 0, 0.0), (0.0, -48.0), (20.0, 5.0)),  # upper lip
    ((-2.0, 0, 0.0), (0.0, -53.0), (24.0, 2.5)),
    ((4.0, 0, 0.0), (0.0, -58.0), (20.0, 5.0)),  # lower lip
    ((8.0, 3, 2.0), (0.0, -85.0), (18.0, 12.0)),  # chin
)
_MARKS = np.array(
    [(-45.0, 18.0), (-17.0, 17.0), (17.0, 17.0), (45.0, 18.0), (0.0, -33.0), (-25.0, -53.0), (25.0, -53.0)]
)
AVERAGE = (0.0, 0.0, 0.0, 0.0, 0.0)


@dataclass(frozen=True)
class Prediction:
    """One mesh to score: traits (nose, brow, cheek, chin, width) and where and how large it stands."""

    traits: tuple[float, ...]
    degrees: tuple[float, float, float]
    scale: float
    shift: tuple[float, float, float]
    landmark_noise: float
    seed: int


def depth(x: np.ndarray, y: np.ndarray, traits: tuple[float, ...]) -> np.ndarray:
    radius = 95.0 * (1 + 0.02 * traits[4])
    z = np.sqrt(np.maximum(radius**2 - x**2 - (0.78 * y) ** 2, 1.0))
    for (base, trait, gain), (across, up), (wide, tall) in _FEATURES:
        for side in (across, -across) if across else (across,):
            z = z + (base + gain * traits[trait]) * np.exp(-(((x - side) / wide) ** 2) - ((y - up) / tall) ** 2)
    return z


def landmarks(traits: tuple[float, ...]) -> np.ndarray:
    return np.column_stack([_MARKS, depth(_MARKS[:, 0], _MARKS[:, 1], traits)])


def surface(columns: int, rows: int, traits: tuple[float, ...], warp: float = 0.0) -> tuple[np.ndarray, np.ndarray]:
    """Return vertices and triangles of an oval face, sampled on a grid that ``warp`` bends."""
    x, y = np.meshgrid(np.linspace(-85, 85, columns), np.linspace(-110, 90, rows))
    x = x + warp * np.sin(0.21 * y + 0.13 * x)
    y = y + warp * np.cos(0.17 * x - 0.11 * y)
    inside = ((x / 92) ** 2 + (y / 118) ** 2 < 1).ravel()
    number = np.arange(rows * columns).reshape(rows, columns)
    here, right = number[:-1, :-1].ravel(), number[:-1, 1:].ravel()
    up, across = number[1:, :-1].ravel(), number[1:, 1:].ravel()
    triangles = np.concatenate([np.stack([here, right, across], 1), np.stack([here, across, up], 1)])
    triangles = triangles[inside[triangles].all(1)]
    used, renumbered = np.unique(triangles, return_inverse=True)
    vertices = np.column_stack([x.ravel(), y.ravel(), depth(x, y, traits).ravel()])
    return vertices[used], renumbered.reshape(-1, 3)


def turned(degrees: tuple[float, float, float]) -> np.ndarray:
    """Return the rotation about x, then y, then z."""
    (cx, cy, cz), (sx, sy, sz) = np.cos(np.deg2rad(degrees)), np.sin(np.deg2rad(degrees))
    about_x = np.array([[1, 0, 0], [0, cx, -sx], [0, sx, cx]])
    about_y = np.array([[cy, 0, sy], [0, 1, 0], [-sy, 0, cy]])
    return np.array([[cz, -sz, 0], [sz, cz, 0], [0, 0, 1]]) @ about_y @ about_x


def jitter(count: int, seed: int) -> np.ndarray:
    """Return numbers in [-1, 1) of a congruential generator, the same on every machine and version."""
    values = []
    for _ in range(count):
        seed = (1103515245 * seed + 12345) % 2**31
        values.append(2 * seed / 2**31 - 1)
    return np.array(values)


def scan_of(traits: tuple[float, ...]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return vertices, triangles and landmarks of a scan, with the digits that its files have."""
    vertices, triangles = surface(151, 181, traits)
    return vertices.round(6), triangles, landmarks(traits).round(6)


def mesh_of(prediction: Prediction) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return vertices, triangles and noisy landmarks of a prediction in its own unit and frame."""
    vertices, triangles = surface(71, 83, prediction.traits, warp=0.6)
    marks = landmarks(prediction.traits) + prediction.landmark_noise * jitter(21, prediction.seed).reshape(7, 3)
    rotation, shift = turned(prediction.degrees), np.array(prediction.shift)
    placed = prediction.scale * vertices @ rotation.T + shift
    return placed.round(6), triangles, prediction.scale * marks @ rotation.T + shift
