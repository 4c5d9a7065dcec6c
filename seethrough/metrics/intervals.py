"""Confidence intervals of means over images, which people share."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats
from torch import Tensor

CONFIDENCE = 0.95
DRAWS = 2000


@dataclass(frozen=True)
class MeanInterval:
    """A mean with its 95 % confidence interval and the number of images behind it."""

    mean: float
    low: float
    high: float
    count: int


def mean_interval(values: Tensor | ArrayLike, groups: Tensor | ArrayLike | None = None) -> MeanInterval:
    """Return the mean of (N,) values with its 95 % interval; NaN values are images left out.

    For a paired comparison pass the differences.

    Args:
        values: (N,) one value an image.
        groups: (N,) the person in each image; a person has several images, whose errors are alike, so people are
            resampled and not images (cluster bootstrap, percentiles). Negative numbers are unknown people, each
            somebody else. Without groups Student's t interval over images.

    Returns:
        Bounds that are NaN for fewer than two people, or images where no people are told: one says nothing of how much
        others differ.
    """
    known, people = _known(values, groups=groups)
    (values,) = known
    count = len(values)
    mean = float(values.mean()) if count else float("nan")
    if count < 2:
        return MeanInterval(mean, float("nan"), float("nan"), count)
    if people is None:
        half = float(stats.t.ppf(0.5 + CONFIDENCE / 2, count - 1) * values.std(ddof=1) / np.sqrt(count))
        return MeanInterval(mean, mean - half, mean + half, count)
    if not people.any():
        return MeanInterval(mean, float("nan"), float("nan"), count)
    total, size = _resampled_sums(people, values, np.ones(count))
    low, high = _percentiles(total / size)
    return MeanInterval(mean, low, high, count)


def skill_interval(
    errors: Tensor | ArrayLike, reference: Tensor | ArrayLike, groups: Tensor | ArrayLike | None = None
) -> MeanInterval:
    """Return skill = 1 - mean(errors) / mean(reference) with a 95 % bootstrap interval.

    Args:
        errors: (N,) error of the method on each image.
        reference: (N,) error of the baseline (for instance the mean face) on the same images; the pairing is kept.
        groups: as in :func:`mean_interval`; without them images are resampled.

    Returns:
        Bounds that are NaN for fewer than two people.
    """
    known, people = _known(errors, reference, groups=groups)
    a, b = known
    if not len(a):
        return MeanInterval(float("nan"), float("nan"), float("nan"), 0)
    skill = float(1 - a.mean() / b.mean())
    people = np.arange(len(a)) if people is None else people
    if not people.any():
        return MeanInterval(skill, float("nan"), float("nan"), len(a))
    of_method, of_baseline = _resampled_sums(people, a, b)
    low, high = _percentiles(1 - of_method / of_baseline)
    return MeanInterval(skill, low, high, len(a))


def group_numbers(groups: np.ndarray) -> np.ndarray:
    """Number groups 0, 1, ... in any order; every negative entry becomes a group of its own."""
    separate = groups.astype(np.int64)
    unknown = separate < 0
    separate[unknown] = separate.max(initial=0) + 1 + np.arange(unknown.sum())
    return np.unique(separate, return_inverse=True)[1]


def as_array(values: Tensor | ArrayLike) -> np.ndarray:
    """Return (N,) float64 or integer values of a tensor or anything like an array."""
    plain = values.detach().cpu().numpy() if isinstance(values, Tensor) else np.asarray(values)
    return plain if np.issubdtype(plain.dtype, np.integer) else plain.astype(np.float64)


def _known(
    *columns: Tensor | ArrayLike, groups: Tensor | ArrayLike | None
) -> tuple[list[np.ndarray], np.ndarray | None]:
    arrays = [as_array(column).astype(np.float64) for column in columns]
    known = np.all([np.isfinite(array) for array in arrays], axis=0)
    people = None if groups is None else group_numbers(as_array(groups)[known])
    return [array[known] for array in arrays], people


def _resampled_sums(groups: np.ndarray, *columns: np.ndarray) -> list[np.ndarray]:
    count = int(groups.max()) + 1
    weights = _draws(count)
    return [weights @ np.bincount(groups, column, count) for column in columns]


@lru_cache(maxsize=3)
def _draws(count: int) -> np.ndarray:
    """Return (DRAWS, count) how often each group is drawn; the same for every column, hence cached."""
    rng = np.random.default_rng(count)
    return rng.multinomial(count, np.full(count, 1 / count), size=DRAWS).astype(np.float32)


def _percentiles(resampled: np.ndarray) -> tuple[float, float]:
    low, high = np.quantile(resampled, [0.5 - CONFIDENCE / 2, 0.5 + CONFIDENCE / 2])
    return float(low), float(high)
