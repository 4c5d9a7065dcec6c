"""Cutting a polygon mesh along the zero line of a scalar field, as a linear operator on its vertices."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

SNAP = 0.35  # an edge that is crossed nearer than this share of its length to a vertex is not cut: the vertex moves


@dataclass(frozen=True)
class PolygonMesh:
    """Polygons over vertices that are fixed combinations of the vertices of a source mesh.

    Attributes:
        polygons: (F, 4) vertex indices, counter-clockwise seen from outside; a triangle ends in -1.
        operator: (V, N) sparse rows that sum to one: vertices = operator @ source vertices.
        mirror: (V,) the vertex on the other side.
    """

    polygons: NDArray[np.int64]
    operator: sp.csr_matrix
    mirror: NDArray[np.int64]


def as_table(polygons: Iterable[Sequence[int]]) -> NDArray[np.int64]:
    """Return polygons of three to five corners as a (F, 4) table; a triangle ends in -1, a pentagon becomes three.

    A pentagon comes from a quad that lost its corner; its corners 0 and 4 lie on the cut. It is split as a fan around
    corner 2, the only split that looks the same in a mirror.
    """
    rows: list[tuple[int, int, int, int]] = []
    for polygon in polygons:
        p = [int(i) for i in polygon]
        if len(p) == 5:
            rows += [(p[2], p[3], p[4], -1), (p[2], p[4], p[0], -1), (p[2], p[0], p[1], -1)]
        elif len(p) == 4:
            rows.append((p[0], p[1], p[2], p[3]))
        elif len(p) == 3:
            rows.append((p[0], p[1], p[2], -1))
        else:
            raise ValueError(f"a polygon of {len(p)} corners cannot be split")
    return np.array(rows, dtype=np.int64).reshape(-1, 4)


def corners(row: NDArray[np.int64]) -> list[int]:
    """Return the corners of one row of a polygon table."""
    return [int(i) for i in row if i >= 0]


def crop(
    polygons: NDArray[np.int64], field: NDArray[np.float64], mirror: NDArray[np.int64], snap: float = SNAP
) -> PolygonMesh:
    """Keep the part of a mesh where a field over its vertices is positive, with the border on the field's zero line.

    Vertices near the line slide along an edge onto it, the other crossed edges get a new vertex, so there are no
    slivers and the border follows the line, not the stairs of the mesh.

    Args:
        polygons: (F, 4) table; a triangle ends in -1.
        field: (N,) values, symmetric under ``mirror``.
        mirror: (N,) an involution on the vertices.
        snap: share of an edge's length within which a vertex slides instead.

    Returns:
        The mesh of the kept part; its vertices are the kept source vertices in their order, then the new ones.
    """
    faces = [corners(row) for row in polygons]
    slid = _slides(faces, field, mirror, snap)
    value = field.copy()
    value[list(slid)] = 0.0

    cuts: dict[tuple[int, int], int] = {}
    kept: list[list[int]] = []
    count = len(field)
    for face in faces:
        if not any(value[i] > 0 for i in face):
            continue
        polygon: list[int] = []
        for a, b in zip(face, face[1:] + face[:1], strict=True):
            if value[a] >= 0:
                polygon.append(a)
            if value[a] * value[b] < 0:
                key = (min(a, b), max(a, b))
                polygon.append(cuts.setdefault(key, count + len(cuts)))
        start = next((k for k, i in enumerate(polygon) if i >= count and polygon[k - 1] >= count), 0)
        kept.append(polygon[start:] + polygon[:start])

    rows, columns, weights = [np.arange(count)], [np.arange(count)], [np.ones(count)]
    for vertex, (other, t) in slid.items():
        weights[0][vertex] = 1 - t
        rows.append(np.array([vertex]))
        columns.append(np.array([other]))
        weights.append(np.array([t]))
    for (a, b), vertex in cuts.items():
        t = value[a] / (value[a] - value[b])
        rows.append(np.array([vertex, vertex]))
        columns.append(np.array([a, b]))
        weights.append(np.array([1 - t, t]))
    entries = (np.concatenate(weights), (np.concatenate(rows), np.concatenate(columns)))
    operator = sp.csr_matrix(entries, shape=(count + len(cuts), count))
    full_mirror = np.concatenate([mirror, np.zeros(len(cuts), dtype=np.int64)])
    for (a, b), vertex in cuts.items():
        one, two = int(mirror[a]), int(mirror[b])
        full_mirror[vertex] = cuts[min(one, two), max(one, two)]
    return compact(PolygonMesh(as_table(kept), operator, full_mirror))


def compact(mesh: PolygonMesh) -> PolygonMesh:
    """Drop the vertices that no polygon uses."""
    used = np.unique(mesh.polygons[mesh.polygons >= 0])
    number = np.full(mesh.operator.shape[0] + 1, -1, dtype=np.int64)
    number[used] = np.arange(len(used))
    return PolygonMesh(number[mesh.polygons], mesh.operator[used], number[mesh.mirror[used]])


def _slides(
    faces: list[list[int]], field: NDArray[np.float64], mirror: NDArray[np.int64], snap: float
) -> dict[int, tuple[int, float]]:
    """Return, for each vertex that slides onto the line, the vertex it slides towards and how far."""
    best: dict[int, tuple[float, int]] = {}
    for face in faces:
        for a, b in zip(face, face[1:] + face[:1], strict=True):
            if field[a] * field[b] >= 0:
                continue
            for one, two in ((a, b), (b, a)):
                t = float(field[one] / (field[one] - field[two]))
                on_midline = mirror[one] == one
                # A midline vertex that left the midline would have no mirror image.
                if t >= snap or (on_midline and mirror[two] != two):
                    continue
                best[one] = min(best.get(one, (np.inf, -1)), (t, two))
    return {vertex: (other, t) for vertex, (t, other) in best.items()}
