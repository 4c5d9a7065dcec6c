"""From a grid of points, one a pixel, to a triangle mesh (the dense model of Extreme 3D, Sec. 4.1)."""

from __future__ import annotations

import numpy as np
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components
from torch import Tensor

from seethrough.meshes import Mesh
from seethrough.rendering.camera import REST_DISTANCE, Camera

STEEPEST = 8.0
"""Neighbours whose depths differ by more than this many pixel sizes are not on one surface (83 degrees)."""


def dense_mesh(
    points: Tensor,
    mask: Tensor,
    camera: Camera,
    *,
    colours: Tensor | None = None,
    steepest: float = STEEPEST,
    least_piece: float = 0.0,
    rest_distance: float = REST_DISTANCE,
) -> Mesh:
    """Join neighbouring pixels inside a mask to triangles, without bridges across depth jumps.

    Four neighbours give two triangles, three give one. Only vertices that a triangle uses are kept.

    Args:
        points: (H, W, 3) mm, camera frame, see :func:`~seethrough.details.depth.displaced_points`.
        mask: (H, W), more than a half inside.
        camera: of the picture; tells the size of a pixel.
        colours: (3, H, W) RGB in [0, 1], or None.
        steepest: largest depth difference of two corners, in sizes of a pixel at their depth.
        least_piece: of all triangles; smaller pieces, slivers beside depth jumps, are left out.
        rest_distance: mm ahead of the camera, where the mesh's origin lies.

    Returns:
        A mesh in mm with x to the viewer's right, y up, z towards the viewer.
    """
    values = points.detach().cpu().double().numpy()
    height, width = values.shape[:2]
    inside = (mask.detach().cpu() > 0.5).numpy()
    if values.shape != (height, width, 3) or inside.shape != (height, width):
        raise ValueError(f"points {tuple(points.shape)} and mask {tuple(mask.shape)} do not fit")
    index = np.arange(height * width).reshape(height, width)
    # Corners of a square of pixels: a b above, c d below; each triangle turns left seen from the camera.
    a, b, c, d = index[:-1, :-1], index[:-1, 1:], index[1:, :-1], index[1:, 1:]
    flat, depth = inside.reshape(-1), values.reshape(-1, 3)[:, 2]
    diagonal = flat[a] & flat[d]
    other = flat[b] & flat[c] & ~diagonal
    candidates = [(a, c, d, diagonal), (a, d, b, diagonal), (a, c, b, other), (b, c, d, other)]
    triangles = np.concatenate([np.stack([i[w], j[w], k[w]], axis=-1) for i, j, k, w in candidates])
    i, j, k = triangles.T
    triangles = triangles[flat[i] & flat[j] & flat[k]]
    i, j, k = (depth[corner] for corner in triangles.T)
    nearest, farthest = np.minimum(np.minimum(i, j), k), np.maximum(np.maximum(i, j), k)
    triangles = triangles[farthest - nearest <= steepest * nearest / camera.focal]
    if least_piece > 0:
        triangles = triangles[_piece_sizes(triangles, height * width) >= least_piece * len(triangles)]
    in_use = np.zeros(height * width, dtype=bool)
    in_use[triangles] = True
    used, renumbered = np.flatnonzero(in_use), (np.cumsum(in_use) - 1)[triangles]
    vertices = values.reshape(-1, 3)[used] * [1, -1, -1] + [0, 0, rest_distance]
    shown = None
    if colours is not None:
        shown = colours.detach().cpu().double().clamp(0, 1).permute(1, 2, 0).reshape(-1, 3).numpy()[used]
    return Mesh(vertices, renumbered, shown)


def _piece_sizes(triangles: np.ndarray, pixels: int) -> np.ndarray:
    """Return (T,) how many triangles the connected piece of each has."""
    start, end = triangles[:, [0, 1]].ravel(), triangles[:, [1, 2]].ravel()
    graph = coo_matrix((np.ones(len(start), dtype=np.int8), (start, end)), shape=(pixels, pixels))
    _, piece = connected_components(graph, directed=False)
    mine = piece[triangles[:, 0]]
    return np.bincount(mine, minlength=1)[mine]
