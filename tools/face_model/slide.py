"""Sliding vertices along the surface, so that landmarks fall on the points where detectors see them."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from tools.face_model.crop import PolygonMesh, corners

Array = NDArray[np.float64]

RADIUS = 11.0  # mm around a landmark within which the mesh comes along
BORDER_RADIUS = 7.0  # mm from the border within which vertices stay where they are
LARGEST_STEP = 0.6  # of an edge: a vertex stays inside the polygons around it


def slide(
    mesh: PolygonMesh, points: Array, limit: sp.csr_matrix, shifts: Mapping[int, tuple[float, float]]
) -> PolygonMesh:
    """Move vertices along the surface, smoothly, until some vertices have moved by given amounts in the front view.

    Args:
        mesh: the face mesh, with V vertices.
        points: (V, 3) mean positions of its control vertices, mm.
        limit: (V, V) from control vertices to their places on the limit surface, where the shifts are measured.
        shifts: vertex -> (dx, dy) in mm.

    Returns:
        The mesh with the same polygons and another operator.
    """
    if not shifts:
        return mesh
    handles = np.array(sorted(shifts))
    wanted = np.array([shifts[int(h)] for h in handles])
    reach = np.linalg.norm(points[:, None] - points[handles][None], axis=2) / RADIUS
    influence = np.exp(-(reach**2)) * _away_from_border(mesh, points)[:, None]
    weights = np.linalg.solve(limit[handles] @ influence + 1e-3 * np.eye(len(handles)), wanted)
    moved = influence @ weights

    rows = sp.identity(len(points), format="lil")
    around: dict[int, list[tuple[int, int]]] = {}
    for row in mesh.polygons:
        face = corners(row)
        for k, vertex in enumerate(face):
            around.setdefault(vertex, []).append((face[k - 1], face[(k + 1) % len(face)]))
    for vertex in np.flatnonzero(np.linalg.norm(moved, axis=1) > 0.05):
        for neighbour, share in _share_out(int(vertex), moved[vertex], points, around, mesh.mirror).items():
            rows[vertex, neighbour] = share
    return PolygonMesh(mesh.polygons, sp.csr_matrix(sp.csr_matrix(rows) @ mesh.operator), mesh.mirror)


def _away_from_border(mesh: PolygonMesh, points: Array) -> Array:
    """Return (V,) 0 at the border, 1 away from it."""
    sides: dict[tuple[int, int], int] = {}
    for row in mesh.polygons:
        face = corners(row)
        for a, b in zip(face, face[1:] + face[:1], strict=True):
            key = (min(a, b), max(a, b))
            sides[key] = sides.get(key, 0) + 1
    border = np.unique([key for key, uses in sides.items() if uses == 1])
    if not len(border):
        return np.ones(len(points))
    distance = np.linalg.norm(points[:, None] - points[border][None], axis=2).min(1)
    t = np.clip(distance / BORDER_RADIUS, 0, 1)
    return t * t * (3 - 2 * t)


def _share_out(
    vertex: int,
    step: Array,
    points: Array,
    around: Mapping[int, list[tuple[int, int]]],
    mirror: NDArray[np.int64],
) -> dict[int, float]:
    """Return the row that moves a vertex by a step (dx, dy): shares of it and of two neighbours in one polygon."""
    if mirror[vertex] == vertex:
        return _along_midline(vertex, float(step[1]), points, around, mirror)
    best: tuple[float, int, int, float, float] | None = None
    for one, two in around[vertex]:
        edges = np.stack([points[one] - points[vertex], points[two] - points[vertex]])[:, :2].T
        if abs(np.linalg.det(edges)) < 0.05 * np.linalg.norm(edges[:, 0]) * np.linalg.norm(edges[:, 1]):
            continue
        s, t = np.linalg.solve(edges, step)
        outside = max(0.0, -s) + max(0.0, -t)
        if best is None or outside < best[0] - 1e-9:
            best = (float(outside), one, two, max(0.0, float(s)), max(0.0, float(t)))
    if best is None:
        return {vertex: 1.0}
    _, one, two, s, t = best
    shrink = min(1.0, LARGEST_STEP / max(s, t, 1e-9))
    return {vertex: 1 - (s + t) * shrink, one: s * shrink, two: t * shrink}


def _along_midline(
    vertex: int, step: float, points: Array, around: Mapping[int, list[tuple[int, int]]], mirror: NDArray[np.int64]
) -> dict[int, float]:
    neighbours = {n for pair in around[vertex] for n in pair if mirror[n] == n}
    for n in sorted(neighbours):
        rise = points[n, 1] - points[vertex, 1]
        if rise * step > 0:
            t = min(step / rise, LARGEST_STEP)
            return {vertex: 1 - t, n: t}
    return {vertex: 1.0}
