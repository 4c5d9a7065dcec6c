"""Which vertex lies on the other side of the face."""

from __future__ import annotations

import numpy as np
from scipy.spatial import KDTree

_CANDIDATES = 12
_ROUNDS = 20


def mirror_map(mean: np.ndarray, tolerance: float | None = None) -> np.ndarray:
    """Pair the vertices of a nearly symmetric face across the plane x = 0.

    Each round pairs the vertices that are each other's nearest still free candidate after a reflection; what is taken
    leaves the game, so the result is one-to-one and an involution whatever the mesh. A scanned mean is not quite
    symmetric, and plain nearest neighbours would leave a good part of it without a partner.

    Args:
        mean: (V, 3) mean shape in mm, model frame.
        tolerance: the farthest that a partner may lie from the reflected vertex, mm; by default three times the median
            distance between neighbouring vertices.

    Returns:
        (V,) int64; a vertex without a partner, like one on the midline, maps to itself.
    """
    points = np.asarray(mean, dtype=np.float64)
    count = len(points)
    tree = KDTree(points)
    if tolerance is None:
        tolerance = 3 * float(np.median(tree.query(points, k=min(2, count))[0][:, -1])) if count > 1 else 0.0
    distance, candidate = tree.query(points * [-1.0, 1.0, 1.0], k=min(_CANDIDATES, count))
    distance, candidate = distance.reshape(count, -1), candidate.reshape(count, -1)
    distance = np.where(distance <= tolerance, distance, np.inf)

    partner = np.arange(count)
    free = np.ones(count, dtype=bool)
    for _ in range(_ROUNDS):
        open_rows = np.flatnonzero(free)
        reach = np.where(free[candidate[open_rows]], distance[open_rows], np.inf)
        best = reach.argmin(axis=1)
        choice = np.full(count, -1)
        found = np.isfinite(reach[np.arange(len(open_rows)), best])
        choice[open_rows[found]] = candidate[open_rows[found], best[found]]
        chosen = np.flatnonzero(choice >= 0)
        agreed = chosen[choice[choice[chosen]] == chosen]
        if not len(agreed):
            break
        partner[agreed] = choice[agreed]
        free[agreed] = False
    return partner.astype(np.int64)
