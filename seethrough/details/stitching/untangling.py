"""Taking back detail where it would turn triangles over."""

from __future__ import annotations

import numpy as np

from seethrough.details.stitching.self_intersections import crossing, self_intersections
from seethrough.meshes.surface_normals import triangle_normals

LEAST_COSINE = 0.05
_HALVINGS = 4


def turned_over(before: np.ndarray, after: np.ndarray) -> np.ndarray:
    """Return (T,) bool: normals (T, 3) that have turned by 87 degrees or more; one without length has not turned."""
    had = _dot(before, before)
    return (_dot(before, after) <= LEAST_COSINE * np.sqrt(had * _dot(after, after))) & (had > 0)


def untangled(
    smooth: np.ndarray, detailed: np.ndarray, triangles: np.ndarray, *, crossings: bool = False
) -> tuple[np.ndarray, np.ndarray]:
    """Move vertices back towards a smooth surface until no triangle lies turned over, nor crosses another anew.

    Displacements along normals that meet, as in the corners of eyes and mouth, fold a mesh. There the displacement of
    the triangles' corners is halved, a few times, and then taken back; at the end nothing is folded that the smooth
    surface has flat, however coarse or noisy the detail.

    Args:
        smooth: (V, 3) mm.
        detailed: (V, 3) mm.
        triangles: (T, 3).
        crossings: also look for triangles that pass through one another, and do not on the smooth surface.

    Returns:
        (V, 3) vertices and (V,) the share of its displacement that each has kept, in [0, 1].
    """
    share, placed = np.ones(len(smooth)), np.array(detailed, dtype=np.float64)
    moved, before = detailed - smooth, triangle_normals(smooth, triangles)
    work, rounds, among = np.arange(len(triangles)), 0, None
    while True:
        bad = work[turned_over(before[work], triangle_normals(placed, triangles[work]))]
        if crossings:
            pairs = self_intersections(placed, triangles, among)
            bad = np.concatenate([bad, pairs[~crossing(smooth, triangles, pairs)].ravel()])
        corners = np.unique(triangles[bad])
        corners = corners[share[corners] > 0]
        if not len(corners):
            return placed, share
        share[corners] = share[corners] / 2 if rounds < _HALVINGS else 0.0
        placed[corners] = smooth[corners] + share[corners, None] * moved[corners]
        changed = np.zeros(len(smooth), bool)
        changed[corners] = True
        # The others are as they were, and crossed each other no more than they do now.
        among = np.asarray(changed[triangles].any(1))
        work = np.flatnonzero(among)
        rounds += 1


def _dot(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    # Sums over three columns: NumPy takes ten times as long along a row.
    return a[:, 0] * b[:, 0] + a[:, 1] * b[:, 1] + a[:, 2] * b[:, 2]
