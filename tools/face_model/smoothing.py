"""Taking creases out of displacement fields beside the corners of the mouth."""

from __future__ import annotations

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

Array = NDArray[np.float64]

UNITS = ("mouthSmile", "mouthDimple", "mouthStretch", "cheekSquint")  # those that fold the cheek
STEPS = 14
CENTRE, RADII = (40.0, -18.0), (17.0, 26.0)  # mm, front view: the cheek beside the mouth


def neighbour_average(polygons: NDArray[np.int64], count: int) -> sp.csr_matrix:
    """Return the (V, V) operator that replaces each value by the mean over the vertices joined to it by an edge."""
    after = np.where(polygons[:, 3] < 0, 3, 4)
    pairs = []
    for row, sides in zip(polygons, after, strict=True):
        pairs += [(row[k], row[(k + 1) % sides]) for k in range(sides)]
    edges = np.array(pairs)
    graph = sp.csr_matrix(
        (np.ones(2 * len(edges)), (np.r_[edges[:, 0], edges[:, 1]], np.r_[edges[:, 1], edges[:, 0]])),
        shape=(count, count),
    )
    graph.data[:] = 1.0
    return sp.csr_matrix(sp.diags(1 / np.maximum(np.asarray(graph.sum(1)).ravel(), 1)) @ graph)


def cheek_weight(points: Array) -> Array:
    """Return (V,) how much the skin at (V, 3) points is smoothed: 1 in the middle of the cheek beside the mouth."""
    across = (np.abs(points[:, 0]) - CENTRE[0]) / RADII[0]
    return np.clip(1.6 * np.exp(-(across**2) - ((points[:, 1] - CENTRE[1]) / RADII[1]) ** 2), 0, 1)


def smoothed(fields: Array, weights: Array, average: sp.csr_matrix, steps: int = STEPS) -> Array:
    """Return (M, V, 3) fields after steps towards the mean of the neighbours, each by a (V,) weight of 0 to 1."""
    flat = fields.transpose(1, 0, 2).reshape(len(weights), -1)
    for _ in range(steps):
        flat = flat + weights[:, None] * (average @ flat - flat)
    return flat.reshape(len(weights), -1, 3).transpose(1, 0, 2)
