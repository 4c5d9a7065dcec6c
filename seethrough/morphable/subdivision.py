"""Levels of a subdivision surface: all their vertices on the limit surface, those of one the first of the next."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from seethrough.morphable.catmull_clark import Refinement, limit_operator, refine


def refined_mirror(mirror: NDArray[np.int64], polygons: NDArray[np.int64], step: Refinement) -> NDArray[np.int64]:
    """Carry a mirror map over one step of subdivision.

    Args:
        mirror: (V,) involution on the vertices before the step.
        polygons: (F, 4) table before the step.
        step: the step.

    Raises:
        ValueError: the polygons are not the same on both sides.
    """
    images = mirror[step.edges]
    edges = _find_rows(np.sort(images, axis=1), step.edges, "edge")
    mirrored = np.where(polygons >= 0, mirror[polygons], -1)
    faces = _find_rows(np.sort(mirrored, axis=1), np.sort(polygons, axis=1), "polygon")
    count = len(mirror)
    return np.concatenate([mirror, count + edges, count + len(step.edges) + faces])


def _find_rows(wanted: NDArray[np.int64], rows: NDArray[np.int64], what: str) -> NDArray[np.int64]:
    """Return where each wanted row stands among rows; both have the same length and no row comes twice."""
    order = np.lexsort(rows.T[::-1])
    wanted_order = np.lexsort(wanted.T[::-1])
    different = (rows[order] != wanted[wanted_order]).any(1)
    if different.any():
        lost = wanted[wanted_order[different.argmax()]]
        raise ValueError(f"the mesh is not symmetric: the {what} with vertices {lost.tolist()} has no mirror image")
    found = np.empty(len(rows), dtype=np.int64)
    found[wanted_order] = order
    return found


@dataclass(frozen=True)
class Level:
    """A mesh after some steps of subdivision.

    Attributes:
        polygons: (F, 4) table.
        positions: (V, V0) operator from the control mesh to points on the limit surface.
        values: one (V, Vk) linear operator from the vertices of level k to those of this level, for k = 0, 1, ...; a
            coarser level than k keeps the first vertices of level k.
        mirror: (V,) mirror map.
    """

    polygons: NDArray[np.int64]
    positions: sp.csr_matrix
    values: list[sp.csr_matrix]
    mirror: NDArray[np.int64]


def subdivide(polygons: NDArray[np.int64], mirror: NDArray[np.int64], level: int, value_levels: int = 2) -> Level:
    """Subdivide a mesh ``level`` times; the vertices of every level lie on the same limit surface.

    The vertices of a level are the first vertices of the next one, and stay where they are.

    Args:
        polygons: (F, 4) table of the control mesh, V0 = len(mirror) vertices.
        mirror: (V0,) mirror map.
        level: number of steps, 0 or more.
        value_levels: how many entries ``Level.values`` gets.
    """
    if level < 0:
        raise ValueError(f"level is {level}, it must be 0 or more")
    tables, mirrors, steps = [polygons], [mirror], []
    for _ in range(max(level, value_levels - 1, 1)):
        step = refine(tables[-1], len(mirrors[-1]))
        mirrors.append(refined_mirror(mirrors[-1], tables[-1], step))
        tables.append(step.polygons)
        steps.append(step)
    count = len(mirrors[level])
    depth = max(level, 1)
    positions = sp.csr_matrix(sp.identity(len(mirror)))
    for step in steps[:depth]:
        positions = sp.csr_matrix(step.smooth @ positions)
    positions = sp.csr_matrix(limit_operator(tables[depth], len(mirrors[depth])) @ positions)
    values = []
    for k in range(value_levels):
        operator = sp.csr_matrix(sp.identity(len(mirrors[k])))
        for step in steps[k:level]:
            operator = sp.csr_matrix(step.linear @ operator)
        values.append(operator[:count])
    return Level(tables[level], positions[:count], values, mirrors[level])


def triangulate(polygons: NDArray[np.int64], vertices: NDArray[np.floating]) -> NDArray[np.int64]:
    """Return (T, 3) triangles: each quad is split along its shorter diagonal on the given (V, 3) vertices."""
    triangles = polygons[polygons[:, 3] < 0][:, :3]
    quads = polygons[polygons[:, 3] >= 0]
    p = np.asarray(vertices, dtype=np.float64)[quads]
    one = np.linalg.norm(p[:, 0] - p[:, 2], axis=1) <= np.linalg.norm(p[:, 1] - p[:, 3], axis=1)
    first = np.where(one[:, None], quads[:, [0, 1, 2]], quads[:, [1, 2, 3]])
    second = np.where(one[:, None], quads[:, [0, 2, 3]], quads[:, [1, 3, 0]])
    return np.concatenate([triangles, first, second])
