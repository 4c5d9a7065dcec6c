"""Section ``now_metric``: the scan-to-mesh error of one scan."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import torch

from seethrough.metrics.scan_to_mesh import scan_to_mesh
from tools.benchmark.data.plain_distance import distances_to_mesh
from tools.benchmark.measuring import Measurement, measure
from tools.benchmark.registry import Case

PART = 500
"""Every so many-th point of the scan is measured by the reference."""


def _face(columns: int, rows: int, nose: float) -> tuple[np.ndarray, np.ndarray]:
    """Return vertices in mm and triangles of an ellipsoid's front with a nose, sampled on a grid."""
    x, y = (grid.ravel() for grid in np.meshgrid(np.linspace(-80, 80, columns), np.linspace(-105, 85, rows)))
    vertices = np.column_stack([x, y, _depth(x, y, nose)])
    number = np.arange(rows * columns).reshape(rows, columns)
    here, right, up, across = (
        part.ravel() for part in (number[:-1, :-1], number[:-1, 1:], number[1:, :-1], number[1:, 1:])
    )
    return vertices, np.concatenate([np.stack([here, right, across], 1), np.stack([here, across, up], 1)])


def _depth(x: np.ndarray, y: np.ndarray, nose: float) -> np.ndarray:
    shell = np.sqrt(np.maximum(95.0**2 - x**2 / 1.5 - (0.78 * y) ** 2, 1.0))
    return shell + nose * np.exp(-((x / 11) ** 2) - ((y + 18) / 17) ** 2)


def _landmarks(nose: float) -> np.ndarray:
    places = np.array([(-45, 18), (-17, 17), (17, 17), (45, 18), (0, -33), (-25, -53), (25, -53)], dtype=np.float64)
    return np.column_stack([places, _depth(places[:, 0], places[:, 1], nose)])


def _score(name: str, columns: int, rows: int) -> Measurement:
    scan, _ = _face(149, 178, 22.0)
    vertices, triangles = _face(columns, rows, 25.0)
    # Another person, of another size, roughly placed: the refinement has its usual way to go.
    marks = 0.95 * (_landmarks(25.0) + np.random.default_rng(0).normal(0, 1.5, (7, 3)))

    def score() -> None:
        scan_to_mesh(scan, _landmarks(22.0), 0.95 * vertices, triangles, marks)

    # All pairs are many: a part of the points is enough to tell what all of them take.
    points = torch.from_numpy(scan[::PART])
    mesh = torch.from_numpy(vertices), torch.from_numpy(triangles)
    return measure(
        "now_metric",
        name,
        score,
        repeats=7,
        reference=lambda: distances_to_mesh(points, *mesh),
        reference_per=len(points) / len(scan),
        reference_repeats=2,
    )


def cases() -> Mapping[str, Case]:
    """Return the cases of this section; the points are those of the scan that its crop keeps."""
    sizes = {"19k points, 10k triangles": (70, 74), "19k points, 100k triangles": (220, 230)}
    return {name: (lambda n=name, s=size: _score(n, *s)) for name, size in sizes.items()}
