"""Smooth symmetric variation over a mesh: eigenvectors of its Laplacian, in three colours."""

from __future__ import annotations

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray
from scipy.sparse.linalg import eigsh

Array = NDArray[np.float64]

SMOOTH_FIELDS = 12  # smooth fields over the skin, each in three colours
LUMA, RED, YELLOW = np.array([1.0, 1.0, 1.0]), np.array([0.7, -0.45, -0.35]), np.array([0.3, 0.15, -0.75])


def laplacian(triangles: NDArray[np.int64], points: Array) -> tuple[sp.csr_matrix, Array]:
    """Return the cotangent Laplacian (V, V), positive semi-definite, and the (V,) vertex areas."""
    count = len(points)
    rows, columns, values = [], [], []
    area = np.zeros(count)
    for k in range(3):
        i, j, o = triangles[:, (k + 1) % 3], triangles[:, (k + 2) % 3], triangles[:, k]
        a, b = points[i] - points[o], points[j] - points[o]
        double_area = np.linalg.norm(np.cross(a, b), axis=1)
        cotangent = np.clip((a * b).sum(1) / np.maximum(double_area, 1e-9), 0.01, 20.0)
        rows += [i, j]
        columns += [j, i]
        values += [cotangent / 2, cotangent / 2]
        np.add.at(area, o, double_area / 6)
    adjacency = sp.csr_matrix((np.concatenate(values), (np.concatenate(rows), np.concatenate(columns))), (count, count))
    return sp.csr_matrix(sp.diags(np.asarray(adjacency.sum(1)).ravel()) - adjacency), area


def smooth_fields(triangles: NDArray[np.int64], points: Array, mirror: NDArray[np.int64], count: int) -> Array:
    """Return the (count, V) smoothest mirror-symmetric fields on a mesh, without the constant, each of unit size."""
    stiffness, area = laplacian(triangles, points)
    representative = np.minimum(np.arange(len(mirror)), mirror)
    _, column = np.unique(representative, return_inverse=True)
    fold = sp.csr_matrix((np.ones(len(mirror)), (np.arange(len(mirror)), column.ravel())))
    folded, mass = sp.csc_matrix(fold.T @ stiffness @ fold), sp.diags(fold.T @ area).tocsc()
    size = folded.shape[0]
    start = np.cos(np.arange(size))
    _, vectors = eigsh(folded, k=count + 1, M=mass, sigma=-1e-4, v0=start)
    fields = (fold @ vectors[:, 1:]).T
    fields /= np.abs(fields).max(1, keepdims=True)
    return fields * np.sign(fields[np.arange(count), np.abs(fields).argmax(1)])[:, None]


def smooth_modes(fields: Array, skin: Array) -> list[Array]:
    """Return smooth variation of brightness, redness and yellowness, fading with frequency; ``fields`` is (K, V)."""
    modes = []
    for number, field in enumerate(fields):
        amplitude = 1.0 / np.sqrt(number + 2.0)
        for colour, size in ((LUMA, 0.045), (RED, 0.01), (YELLOW, 0.009)):
            modes.append((amplitude * size * field * skin)[:, None] * colour)
    return modes
