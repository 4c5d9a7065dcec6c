"""What makes a triangle mesh one clean surface, counted."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from seethrough.details.openings import closed_loops, edge_keys
from seethrough.meshes.surface_normals import triangle_normals


@dataclass(frozen=True)
class MeshReport:
    """Faults of a mesh, all 0 for a clean one, and what its borders are.

    Attributes:
        crowded_edges: edges that more than two triangles share.
        unlike_edges: edges that two triangles run along in the same direction: neighbours wound differently.
        pinched_vertices: vertices whose triangles form more than one fan.
        flat_triangles: triangles with two equal corners or without area.
        repeated_vertices: vertices at a place where another is.
        unused_vertices: vertices that no triangle has.
        border_edges: edges of one triangle only.
        borders: closed borders.
    """

    crowded_edges: int
    unlike_edges: int
    pinched_vertices: int
    flat_triangles: int
    repeated_vertices: int
    unused_vertices: int
    border_edges: int
    borders: int

    @property
    def clean(self) -> bool:
        """Whether there is no fault; borders are none."""
        faults = (self.crowded_edges, self.unlike_edges, self.pinched_vertices, self.flat_triangles)
        return not any((*faults, self.repeated_vertices, self.unused_vertices))


def check_mesh(vertices: np.ndarray, triangles: np.ndarray) -> MeshReport:
    """Count the faults of a mesh of (V, 3) vertices and (T, 3) triangles."""
    count = len(vertices)
    keys = edge_keys(triangles, count)
    order = np.argsort(keys)
    directed = keys[order]
    shared = _times(directed >> 1)
    i, j, k = triangles.T
    return MeshReport(
        crowded_edges=int((shared > 2).sum()),
        unlike_edges=int((_times(directed) > 1).sum()),
        pinched_vertices=_pinched(triangles, count, directed, order),
        flat_triangles=int(((i == j) | (j == k) | (k == i) | ~triangle_normals(vertices, triangles).any(1)).sum()),
        repeated_vertices=int((np.diff(vertices[np.lexsort(vertices.T)], axis=0) == 0).all(1).sum()),
        unused_vertices=int((np.bincount(triangles.ravel(), minlength=count) == 0).sum()),
        border_edges=int((shared == 1).sum()),
        borders=len(closed_loops(directed, count)),
    )


def _times(sorted_values: np.ndarray) -> np.ndarray:
    """Return how often each value of a sorted array is in it."""
    starts = np.flatnonzero(np.r_[True, sorted_values[1:] != sorted_values[:-1]]) if len(sorted_values) else []
    return np.diff(np.r_[starts, len(sorted_values)])


def _pinched(triangles: np.ndarray, count: int, directed: np.ndarray, order: np.ndarray) -> int:
    """Count vertices whose triangles do not hang together by their edges: corners are joined across shared edges.

    Args:
        triangles: (T, 3).
        count: of all vertices.
        directed: (3 T,) sorted keys of the edges.
        order: (3 T,) which edge, of all first, all second and all third ones, has each key.
    """
    triangle, side = order % len(triangles), order // len(triangles)
    start, end = 3 * triangle + side, 3 * triangle + (side + 1) % 3
    backwards = directed & 1 == 1
    ends = np.where(backwards, end, start), np.where(backwards, start, end)
    joined = np.flatnonzero(directed[1:] >> 1 == directed[:-1] >> 1)
    a, b = np.concatenate([corner[joined] for corner in ends]), np.concatenate([corner[joined + 1] for corner in ends])
    graph = coo_matrix((np.ones(len(a), dtype=np.int8), (a, b)), shape=(triangles.size,) * 2)
    fans, number = connected_components(graph, directed=False)
    owner = np.empty(fans, dtype=np.int64)
    owner[number] = triangles.ravel()
    return int((np.bincount(owner, minlength=count) > 1).sum())
