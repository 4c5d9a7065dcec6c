"""Normals of triangles and of vertices of files and maps: float64, and without the renderer's torch and threads."""

from __future__ import annotations

import numpy as np
from numba import njit


def triangle_normals(vertices: np.ndarray, triangles: np.ndarray) -> np.ndarray:
    """Return (T, 3) float64 normals as long as twice the triangles' areas.

    Args:
        vertices: (V, 3).
        triangles: (T, 3), counter-clockwise seen from outside.
    """
    normals = np.empty((len(triangles), 3))
    _cross(np.asarray(vertices, dtype=np.float64), triangles, normals)
    return normals


def vertex_normals(vertices: np.ndarray, triangles: np.ndarray, without: tuple[float, float, float]) -> np.ndarray:
    """Return (V, 3) float64 unit normals, area-weighted over the triangles around.

    Args:
        vertices: (V, 3).
        triangles: (T, 3), counter-clockwise seen from outside.
        without: the normal of a vertex without triangles that have an area.
    """
    normals = np.zeros((len(vertices), 3))
    _gather(triangles, triangle_normals(vertices, triangles), normals)
    length = np.sqrt(normals[:, 0] ** 2 + normals[:, 1] ** 2 + normals[:, 2] ** 2)
    normals /= np.maximum(length, 1e-12)[:, None]
    normals[length <= 1e-12] = without
    return normals


@njit(nogil=True, cache=True)
def _cross(vertices, triangles, normals):
    for t in range(len(triangles)):
        a, b, c = triangles[t, 0], triangles[t, 1], triangles[t, 2]
        ux, uy, uz = vertices[b, 0] - vertices[a, 0], vertices[b, 1] - vertices[a, 1], vertices[b, 2] - vertices[a, 2]
        vx, vy, vz = vertices[c, 0] - vertices[a, 0], vertices[c, 1] - vertices[a, 1], vertices[c, 2] - vertices[a, 2]
        normals[t, 0] = uy * vz - uz * vy
        normals[t, 1] = uz * vx - ux * vz
        normals[t, 2] = ux * vy - uy * vx


@njit(nogil=True, cache=True)
def _gather(triangles, of_triangles, normals):
    for t in range(len(triangles)):
        for corner in range(3):
            for k in range(3):
                normals[triangles[t, corner], k] += of_triangles[t, k]
