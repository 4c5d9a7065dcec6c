"""What makes a triangle mesh one clean surface, counted."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from seethrough.details.openings import boundary_loops


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
    sides = np.concatenate([triangles[:, [0, 1]], triangles[:, [1, 2]], triangles[:, [2, 0]]]).astype(np.int64)
    directed, shared = np.sort(sides @ [count, 1]), _times(np.sort(np.minimum(*sides.T) * count + np.maximum(*sides.T)))
    corners = vertices[triangles]
    area = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    same = (triangles == np.roll(triangles, 1, axis=1)).any(1)
    return MeshReport(
        crowded_edges=int((shared > 2).sum()),
        unlike_edges=int((_times(directed) > 1).sum()),
        pinched_vertices=_pinched(triangles.astype(np.int64), count),
        flat_triangles=int((same | ((area**2).sum(1) == 0)).sum()),
        repeated_vertices=int((np.diff(vertices[np.lexsort(vertices.T)], axis=0) == 0).all(1).sum()),
        unused_vertices=int((np.bincount(triangles.ravel(), minlength=count) == 0).sum()),
        border_edges=int((shared == 1).sum()),
        borders=len(boundary_loops(triangles)),
    )


def _times(sorted_values: np.ndarray) -> np.ndarray:
    """Return how often each value of a sorted array is in it."""
    starts = np.flatnonzero(np.r_[True, sorted_values[1:] != sorted_values[:-1]]) if len(sorted_values) else []
    return np.diff(np.r_[starts, len(sorted_values)])


def _pinched(triangles: np.ndarray, count: int) -> int:
    """Count vertices whose triangles do not hang together by their edges: corners are joined across shared edges."""
    corner = np.arange(triangles.size).reshape(-1, 3)
    keys, at_start, at_end = [], [], []
    for k in range(3):
        start, end = triangles[:, k], triangles[:, (k + 1) % 3]
        forwards = start < end
        keys.append(np.where(forwards, start, end) * count + np.where(forwards, end, start))
        at_start.append(np.where(forwards, corner[:, k], corner[:, (k + 1) % 3]))
        at_end.append(np.where(forwards, corner[:, (k + 1) % 3], corner[:, k]))
    order = np.argsort(np.concatenate(keys), kind="stable")
    sides = np.concatenate(keys)[order]
    joined = np.flatnonzero(sides[1:] == sides[:-1])
    pairs = [np.concatenate(ends)[order] for ends in (at_start, at_end)]
    a = np.concatenate([ends[joined] for ends in pairs])
    b = np.concatenate([ends[joined + 1] for ends in pairs])
    graph = coo_matrix((np.ones(len(a)), (a, b)), shape=(triangles.size,) * 2)
    fans, number = connected_components(graph, directed=False)
    owner = np.empty(fans, dtype=np.int64)
    owner[number] = triangles.ravel()
    return int((np.bincount(owner, minlength=count) > 1).sum())
