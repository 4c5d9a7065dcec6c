"""Taking rigid motion and most of the growth out of displacement fields, as a linear projection."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def rigid_fields(points: NDArray[np.float64], centre: NDArray[np.float64] | None = None) -> NDArray[np.float64]:
    """Return the (7, V, 3) displacements of points (V, 3) under unit translation, small rotation and growth.

    Rotation and growth are about ``centre`` (3,), by default the mean of the points.
    """
    centred = points - (points.mean(0) if centre is None else centre)
    translations = np.broadcast_to(np.eye(3)[:, None], (3, len(points), 3))
    rotations = np.cross(np.eye(3)[:, None], centred[None])
    return np.concatenate([translations, rotations, centred[None]])


def without_rigid_motion(
    displacements: NDArray[np.float64],
    points: NDArray[np.float64],
    weights: NDArray[np.float64],
    keep_growth: float,
    centre: NDArray[np.float64] | None = None,
) -> NDArray[np.float64]:
    """Remove the weighted least-squares rigid motion, and all but a share of the growth, from each displacement.

    Args:
        displacements: (M, V, 3) mm.
        points: (V, 3) the shape that they displace.
        weights: (V,) how much each vertex counts in the fit.
        keep_growth: share of the uniform growth that stays, 0 to 1.
        centre: (3,) of rotation and growth; the mean of the points by default.
    """
    fields = rigid_fields(points, centre)
    flat = fields.reshape(7, -1)
    weighted = flat * np.repeat(weights, 3)
    gram = weighted @ flat.T
    fitted = np.linalg.solve(gram, weighted @ displacements.reshape(len(displacements), -1).T).T
    fitted[:, 6] *= 1.0 - keep_growth
    return displacements - np.tensordot(fitted, fields, 1)
