"""Dense points on the triangles of the sparse face, and their mirror images (Extreme 3D, Eq. 6 to 8 and 10)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from seethrough.details.symmetry.symmetry_plane import MIRROR


@dataclass(frozen=True)
class DensePoints:
    """Points of a dense surface, registered to the sparse one: P = sum_k barycentric_k vertices[corners_k] + residual.

    Attributes:
        points: (N, 3) mm, frontal frame.
        corners: (N, 3) vertices of the triangle that a point lies on.
        barycentric: (N, 3) weights of these.
        residual: (N, 3) mm, what the sparse surface lacks (Eq. 7).
        pixels: (N,) number of the pixel, row by row, that the point, or that whose mirror image it is, was seen by.
    """

    points: np.ndarray
    corners: np.ndarray
    barycentric: np.ndarray
    residual: np.ndarray
    pixels: np.ndarray

    def __len__(self) -> int:
        return len(self.points)

    def chosen(self, which: np.ndarray) -> DensePoints:
        """Return the points of an index or a mask."""
        parts = (self.points, self.corners, self.barycentric, self.residual, self.pixels)
        return DensePoints(*(part[which] for part in parts))


def register(
    points: np.ndarray, rast: np.ndarray, triangles: np.ndarray, seen: np.ndarray, vertices: np.ndarray
) -> DensePoints:
    """Register the seen pixels of a dense surface to the triangles that the foundation shows there.

    The triangles come from the rasterization of the foundation, so that each point finds the very one which the
    foundation's depth has been read from (the released code takes a Delaunay triangulation of visible vertices).

    Args:
        points: (H, W, 3) mm, frontal frame.
        rast: (H, W, 4) rasterization of the foundation; ids beyond ``triangles`` (closed eyes, sealed lips) are left.
        triangles: (T, 3), the model's own.
        seen: (H, W) bool.
        vertices: (V, 3) mm, frontal frame, of the completed sparse face.
    """
    number = rast[..., 3].astype(np.int64).reshape(-1)
    pixels = np.flatnonzero((number > 0) & (number <= len(triangles)) & seen.reshape(-1))
    corners = triangles[number[pixels] - 1]
    u, v = rast.reshape(-1, 4)[pixels, :2].astype(np.float64).T
    barycentric = np.stack([u, v, 1 - u - v], axis=1)
    placed = points.reshape(-1, 3)[pixels]
    residual = placed - _on_triangles(vertices, corners, barycentric)
    return DensePoints(placed, corners, barycentric, residual, pixels)


def mirrored(
    dense: DensePoints, vertices: np.ndarray, mirror: np.ndarray, paired: np.ndarray, visible: np.ndarray, limit: float
) -> DensePoints:
    """Reflect dense points to the triangles across the face, where none of whose vertices is visible (Eq. 10).

    Args:
        dense: of the visible side.
        vertices: (V, 3) mm, frontal frame, of the completed sparse face.
        mirror: (V,) vertex on the other side.
        paired: (V,) bool, vertices that have one.
        visible: (V,) bool.
        limit: mm; points with a larger residual, and points on triangles that are not visible as a whole, lie at the
            border of another surface and are not reflected.
    """
    across = mirror[dense.corners]
    fine = np.linalg.norm(dense.residual, axis=1) <= limit
    whole = (visible & paired)[dense.corners].all(1)
    source = dense.chosen(whole & fine & ~visible[across].any(1))
    corners, residual = mirror[source.corners], source.residual * MIRROR
    points = _on_triangles(vertices, corners, source.barycentric) + residual
    return DensePoints(points, corners, source.barycentric, residual, source.pixels)


def _on_triangles(vertices: np.ndarray, corners: np.ndarray, barycentric: np.ndarray) -> np.ndarray:
    return np.einsum("nk,nkc->nc", barycentric, vertices[corners])
