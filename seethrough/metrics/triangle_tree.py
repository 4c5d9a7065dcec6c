"""Exact closest points on a triangle mesh: a tree of boxes, searched best branch first."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numba
import numpy as np

from seethrough.metrics.closest_point_search import search

LEAF = 4


class ClosestPoints(NamedTuple):
    """What is closest to each of N points.

    Attributes:
        squared: (N,) squared distances.
        points: (N, 3) closest points of the mesh.
        triangles: (N,) rows of the mesh's triangles that they lie on.
        barycentric: (N, 3) weights of the corners of those triangles; 0, but for rounding, where a point lies on the
            edge opposite to a corner.
    """

    squared: np.ndarray
    points: np.ndarray
    triangles: np.ndarray
    barycentric: np.ndarray


@dataclass(frozen=True)
class TriangleTree:
    """A mesh prepared for searching; arrays are in the order of the leaves.

    Attributes:
        low: (M, 3) lower corners of the boxes of the nodes.
        high: (M, 3) upper corners.
        first: (M,) first triangle of a leaf, first child of another node; the second child follows it.
        count: (M,) triangles of a leaf, 0 for another node.
        order: (T,) which triangle of the mesh stands at a place.
        frames: (T, 7, 3) of each triangle its first corner, its two edges from there, its unit normal, the two vectors
            that give barycentric coordinates in its plane, and its second corner less its third; the normal is zero
            where the area is.
    """

    low: np.ndarray
    high: np.ndarray
    first: np.ndarray
    count: np.ndarray
    order: np.ndarray
    frames: np.ndarray

    @classmethod
    def of(cls, vertices: np.ndarray, triangles: np.ndarray) -> TriangleTree:
        """Build the tree of (V, 3) vertices and (T, 3) triangles.

        Raises:
            ValueError: there is no triangle, or a corner that is not finite.
        """
        corners = np.ascontiguousarray(np.asarray(vertices, dtype=np.float64)[triangles])
        if not len(corners):
            raise ValueError("a mesh without triangles has no closest points")
        if not np.isfinite(corners).all():
            raise ValueError("a triangle has corners that are not finite")
        low, high = corners.min(1), corners.max(1)
        nodes = _build(low, high, 0.5 * (low + high))
        order = nodes[4]
        return cls(*nodes, frames=_frames(corners[order]))

    def closest(self, points: np.ndarray, guess: np.ndarray | None = None) -> ClosestPoints:
        """Return what is closest to (N, 3) points.

        Args:
            points: in the frame of the mesh.
            guess: (N,) triangles that are probably near, which makes the search shorter and never changes its result
                beyond ties; without it the point before is the guess.
        """
        points = np.ascontiguousarray(points, dtype=np.float64)
        places = np.full(len(points), -1, dtype=np.int64)
        if guess is not None:
            places = self._place_of[guess]
        return ClosestPoints(*search(points, places, *self._arrays()))

    @cached_property
    def normals(self) -> np.ndarray:
        """Give (T, 3) unit normals in the order of the mesh's triangles; zero where a triangle has no area."""
        normals = np.empty((len(self.order), 3))
        normals[self.order] = self.frames[:, 3]
        return normals

    @cached_property
    def _place_of(self) -> np.ndarray:
        places = np.empty(len(self.order), dtype=np.int64)
        places[self.order] = np.arange(len(self.order))
        return places

    def _arrays(self) -> tuple[np.ndarray, ...]:
        return self.low, self.high, self.first, self.count, self.order, self.frames


def _frames(corners: np.ndarray) -> np.ndarray:
    a, u, v = corners[:, 0], corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]
    normal = np.cross(u, v)
    squared = (normal**2).sum(1)
    uu, vv, uv = (u * u).sum(1), (v * v).sum(1), (u * v).sum(1)
    # A needle so thin that its plane is only rounding is searched as its three edges.
    flat = squared <= 1e-24 * np.maximum(uu, vv) ** 2
    with np.errstate(divide="ignore", invalid="ignore"):
        normal = np.where(flat[:, None], 0.0, normal / np.sqrt(squared)[:, None])
        determinant = np.where(flat, 1.0, uu * vv - uv**2)[:, None]
        along_u = (u * vv[:, None] - v * uv[:, None]) / determinant
        along_v = (v * uu[:, None] - u * uv[:, None]) / determinant
    return np.ascontiguousarray(np.stack([a, u, v, normal, along_u, along_v, v - u], axis=1))


@numba.njit(cache=True)
def _select(order, centres, axis, begin, end, middle):
    """Reorder a part of ``order`` until what is before ``middle`` lies no further along the axis than the rest."""
    low, high = begin, end - 1
    while low < high:
        pivot = centres[order[(low + high) // 2], axis]
        i, j = low, high
        while i <= j:
            while centres[order[i], axis] < pivot:
                i += 1
            while centres[order[j], axis] > pivot:
                j -= 1
            if i <= j:
                order[i], order[j] = order[j], order[i]
                i += 1
                j -= 1
        if middle <= j:
            high = j
        elif middle >= i:
            low = i
        else:
            return


@numba.njit(cache=True)
def _build(low, high, centres):
    total = len(centres)
    order = np.arange(total)
    node_low, node_high = np.empty((2 * total, 3)), np.empty((2 * total, 3))
    first, count = np.zeros(2 * total, np.int64), np.zeros(2 * total, np.int64)
    begin, end = np.zeros(2 * total, np.int64), np.zeros(2 * total, np.int64)
    end[0] = total
    nodes, node = 1, 0
    while node < nodes:
        b, e = begin[node], end[node]
        centre_low, centre_high = np.full(3, np.inf), np.full(3, -np.inf)
        for axis in range(3):
            node_low[node, axis], node_high[node, axis] = np.inf, -np.inf
        for k in range(b, e):
            t = order[k]
            for axis in range(3):
                node_low[node, axis] = min(node_low[node, axis], low[t, axis])
                node_high[node, axis] = max(node_high[node, axis], high[t, axis])
                centre_low[axis] = min(centre_low[axis], centres[t, axis])
                centre_high[axis] = max(centre_high[axis], centres[t, axis])
        if e - b <= LEAF:
            first[node], count[node] = b, e - b
        else:
            axis = 0
            for other in (1, 2):
                if centre_high[other] - centre_low[other] > centre_high[axis] - centre_low[axis]:
                    axis = other
            middle = (b + e) // 2
            _select(order, centres, axis, b, e, middle)
            first[node] = nodes
            begin[nodes], end[nodes] = b, middle
            begin[nodes + 1], end[nodes + 1] = middle, e
            nodes += 2
        node += 1
    return node_low[:nodes].copy(), node_high[:nodes].copy(), first[:nodes].copy(), count[:nodes].copy(), order
