"""Exact closest points on a triangle mesh: a tree of boxes, searched best branch first."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np

from seethrough.metrics.closest_point_search import search
from seethrough.metrics.tree_building import frames_of, split


class ClosestPoints(NamedTuple):
    """What is closest to each of N points.

    Attributes:
        squared: (N,) squared distances.
        points: (N, 3) closest points of the mesh.
        triangles: (N,) rows of the mesh's triangles that they lie on.
        barycentric: (N, 3) weights of the corners of those triangles; 0, but for rounding, where a point lies on the
            edge opposite to a corner.
        clearance: (N,) a distance within which no other triangle of the mesh lies; 0 where another lies as close.
        asked: (N, 3) the points themselves.
    """

    squared: np.ndarray
    points: np.ndarray
    triangles: np.ndarray
    barycentric: np.ndarray
    clearance: np.ndarray
    asked: np.ndarray


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
        low, high, first, count, order = split(corners)
        return cls(low, high, first, count, order, frames_of(corners, order))

    def closest(self, points: np.ndarray, before: ClosestPoints | None = None) -> ClosestPoints:
        """Return what is closest to (N, 3) points.

        Args:
            points: in the frame of the mesh.
            before: what was closest to the same points when they were elsewhere, which never changes the result beyond
                ties; those that have moved by less than their clearance leaves room for are not searched again
                (Greenspan and Godin 2001). Without it the point before is the guess.
        """
        points = np.ascontiguousarray(points, dtype=np.float64)
        places, clearance = np.full(len(points), -1, dtype=np.int64), np.zeros(len(points))
        if before is not None:
            places = self._place_of[before.triangles]
            clearance = before.clearance - np.linalg.norm(points - before.asked, axis=1)
        return ClosestPoints(*search(points, places, clearance, *self._arrays()), asked=points)

    def normals(self, triangles: np.ndarray) -> np.ndarray:
        """Return (N, 3) unit normals of (N,) triangles of the mesh; zero where one has no area."""
        return self.frames[self._place_of[triangles], 3]

    @cached_property
    def _place_of(self) -> np.ndarray:
        places = np.empty(len(self.order), dtype=np.int64)
        places[self.order] = np.arange(len(self.order))
        return places

    def _arrays(self) -> tuple[np.ndarray, ...]:
        return self.low, self.high, self.first, self.count, self.order, self.frames
