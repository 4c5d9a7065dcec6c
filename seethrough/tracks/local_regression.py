"""Smoothing of what is measured frame by frame, without lag, across gaps, and without bending to outliers.

Robust local regression (Cleveland, JASA 1979): at each frame a parabola is fitted to the frames around it, weighted by
their distance in time, by how well they were measured, and in two more rounds by how well they fit. A parabola follows
turns and stops, which a mean over frames would blunt. Gaps are bridged by straight lines.
"""

from __future__ import annotations

import numpy as np
from scipy.spatial.transform import Rotation

_REACH = 4.0  # bandwidths; farther frames have no weight
_RIDGE = 1e-3  # on slope and curvature, so that few frames give a line or a constant
_ROUNDS, _OUTLIER = 2, 6.0  # rounds of weighing down; in median residuals, or in hundredths of the spread


def smoothed(values: np.ndarray, weights: np.ndarray, bandwidth: float) -> np.ndarray:
    """Smooth series of one number a frame.

    Args:
        values: (T, C); rows of weight 0 do not count, whatever they hold.
        weights: (T,) >= 0, how well each frame was measured; 0 in gaps, which are bridged.
        bandwidth: frames, standard deviation of the weight in time; 0 changes nothing but gaps.

    Returns:
        (T, C).

    Raises:
        ValueError: no frame has a weight.
    """
    weights = np.asarray(weights, dtype=np.float64)
    if not (weights > 0).any():
        raise ValueError("no frame was measured")
    values = np.where(weights[:, None] > 0, np.asarray(values, dtype=np.float64), 0.0)
    if bandwidth <= 0:
        known = np.flatnonzero(weights > 0)
        return _bridged(values[known], known, len(values))
    robust = np.ones(len(values))
    result = values
    for _ in range(_ROUNDS + 1):
        result = _regression(values, weights * robust, bandwidth)
        robust = _fitting(np.linalg.norm((values - result) / _spread(values, result, weights), axis=1), weights)
    return result


def smoothed_rotations(rotations: np.ndarray, weights: np.ndarray, bandwidth: float) -> np.ndarray:
    """Smooth (T, 3, 3) rotations likewise: as rotation vectors from their mean; arguments as for :func:`smoothed`."""
    known = np.asarray(weights) > 0
    if not known.any():
        raise ValueError("no frame was measured")
    mean = Rotation.from_matrix(rotations[known]).mean(np.asarray(weights, dtype=np.float64)[known])
    vectors = np.zeros((len(rotations), 3))
    vectors[known] = (mean.inv() * Rotation.from_matrix(rotations[known])).as_rotvec()
    return (mean * Rotation.from_rotvec(smoothed(vectors, weights, bandwidth))).as_matrix()


def robust_mean(values: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Return the (C,) mean of (T, C) values, weighted, outliers weighed down; for what all frames share."""
    weights = np.asarray(weights, dtype=np.float64)
    if not (weights > 0).any():
        raise ValueError("no frame was measured")
    values = np.where(weights[:, None] > 0, np.asarray(values, dtype=np.float64), 0.0)
    robust = np.ones(len(values))
    mean = values[0]
    for _ in range(_ROUNDS + 1):
        share = weights * robust
        mean = (values * share[:, None]).sum(0) / share.sum()
        robust = _fitting(np.linalg.norm((values - mean) / _spread(values, mean, weights), axis=1), weights)
    return mean


def _regression(values: np.ndarray, weights: np.ndarray, bandwidth: float) -> np.ndarray:
    reach = int(np.ceil(_REACH * bandwidth))
    known, offset = np.flatnonzero(weights > 0), np.arange(-reach, reach + 1)
    around = known[:, None] + offset
    inside = (around >= 0) & (around < len(values))
    around = np.clip(around, 0, len(values) - 1)
    time = offset / bandwidth
    share = np.exp(-0.5 * time**2) * weights[around] * inside
    powers = np.stack([np.ones_like(time), time, time**2], axis=-1)
    left = np.einsum("tw,wi,wj->tij", share, powers, powers)
    right = np.einsum("tw,wi,twc->tic", share, powers, values[around])
    left = left + _RIDGE * share.sum(1)[:, None, None] * np.diag([0.0, 1.0, 1.0])
    found = np.linalg.solve(left, right)[:, 0]
    return _bridged(found, known, len(values))


def _bridged(found: np.ndarray, known: np.ndarray, count: int) -> np.ndarray:
    """Return (count, C): rows of the known frames as they are, others on straight lines between them."""
    return np.stack([np.interp(np.arange(count), known, column) for column in found.T], axis=1)


def _spread(values: np.ndarray, fitted: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Return the (C,) median size of residuals, so that numbers of different units count alike.

    At least a hundredth of the values' own spread: where all fit well no frame is an outlier.
    """
    known = weights > 0
    size = np.median(np.abs(values - fitted)[known], axis=0)
    return np.maximum(size, np.maximum(0.01 * values[known].std(axis=0), 1e-12))


def _fitting(size: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Return (T,) bisquare weights of residuals' sizes."""
    middle = max(float(np.median(size[weights > 0])), 0.5)
    return np.clip(1 - (size / (_OUTLIER * middle)) ** 2, 1e-6, 1) ** 2
