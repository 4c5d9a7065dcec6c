"""Confidence intervals of means over images."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import stats
from torch import Tensor


@dataclass(frozen=True)
class MeanInterval:
    """A mean with its 95 % confidence interval and the number of images behind it."""

    mean: float
    low: float
    high: float
    count: int


def mean_interval(values: Tensor, confidence: float = 0.95) -> MeanInterval:
    """Return the mean of (N,) values with Student's t interval; NaN values are images left out.

    For a paired comparison pass the differences.
    """
    known = values.detach().cpu().double().numpy()
    known = known[np.isfinite(known)]
    count = len(known)
    mean = float(known.mean()) if count else float("nan")
    if count < 2:
        return MeanInterval(mean, float("nan"), float("nan"), count)
    half = float(stats.t.ppf(0.5 + confidence / 2, count - 1) * known.std(ddof=1) / np.sqrt(count))
    return MeanInterval(mean, mean - half, mean + half, count)


def skill_interval(
    errors: Tensor, reference: Tensor, confidence: float = 0.95, draws: int = 2000, seed: int = 0
) -> MeanInterval:
    """Return skill = 1 - mean(errors) / mean(reference) with a bootstrap interval over images.

    Args:
        errors: (N,) error of the method on each image.
        reference: (N,) error of the baseline (for instance the mean face) on the same images.
        confidence: level of the interval.
        draws: bootstrap resamples of the images; the pairing of the two errors is kept.
        seed: of the resampling.
    """
    a, b = errors.detach().cpu().double().numpy(), reference.detach().cpu().double().numpy()
    known = np.isfinite(a) & np.isfinite(b)
    a, b = a[known], b[known]
    if len(a) < 2:
        return MeanInterval(float("nan"), float("nan"), float("nan"), len(a))
    rows = np.random.default_rng(seed).integers(0, len(a), (draws, len(a)))
    resampled = 1 - a[rows].mean(1) / b[rows].mean(1)
    low, high = np.quantile(resampled, [0.5 - confidence / 2, 0.5 + confidence / 2])
    return MeanInterval(float(1 - a.mean() / b.mean()), float(low), float(high), len(a))
