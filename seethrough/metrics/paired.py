"""Tests of whether one method errs less than another on the same images."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats
from torch import Tensor

from seethrough.metrics.intervals import MeanInterval, as_array, group_numbers, mean_interval


@dataclass(frozen=True)
class PairedComparison:
    """How two methods compare on the same images; p-values are two-sided.

    Attributes:
        difference: mean of first minus second with its 95 % interval; people are resampled where they are known.
        t_p: paired t-test over images (FOCUS, supplement B.3).
        people_t_p: paired t-test over the means of each person; NaN where people are not known.
        wilcoxon_p: signed-rank test over images.
        first_lower: share of images on which the first is the lower; ties count half.
    """

    difference: MeanInterval
    t_p: float
    people_t_p: float
    wilcoxon_p: float
    first_lower: float


def twin_pairs(names: np.ndarray, twins: np.ndarray, occluder: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Find the images with an occluder whose twin without it is there too.

    Args:
        names: (N,) of images.
        twins: (N,) name of each image's twin, of the same scene; empty where it has none.
        occluder: (N,) class of the occluder, 0 for none.

    Returns:
        (P,) rows of the occluded images, and (P,) rows of their twins.
    """
    place = {str(name): row for row, name in enumerate(names)}
    pairs = [(row, place[str(twin)]) for row, twin in enumerate(twins) if occluder[row] > 0 and str(twin) in place]
    occluded, clean = np.array(pairs, dtype=int).reshape(-1, 2).T
    return occluded, clean


def paired_comparison(
    first: Tensor | ArrayLike, second: Tensor | ArrayLike, groups: Tensor | ArrayLike | None = None
) -> PairedComparison:
    """Compare (N,) values of two methods on the same images; images unknown to either are left out.

    Args:
        first: (N,) for instance the errors without the misfit prior.
        second: (N,) for instance the errors with it.
        groups: (N,) person in each image, negative where unknown; see
            :func:`~seethrough.metrics.intervals.mean_interval`.
    """
    difference = as_array(first).astype(np.float64) - as_array(second).astype(np.float64)
    known = np.isfinite(difference)
    difference = difference[known]
    people = None if groups is None else as_array(groups)[known]
    nan = float("nan")
    lower = (difference < 0).mean() + 0.5 * (difference == 0).mean() if len(difference) else nan
    of_people = nan
    if people is not None and len(people):
        numbers = group_numbers(people)
        of_people = _t_p(np.bincount(numbers, difference) / np.bincount(numbers))
    return PairedComparison(
        difference=mean_interval(difference, people),
        t_p=_t_p(difference),
        people_t_p=of_people,
        wilcoxon_p=_wilcoxon_p(difference),
        first_lower=float(lower),
    )


def _t_p(difference: np.ndarray) -> float:
    if len(difference) < 2:
        return float("nan")
    if np.ptp(difference) == 0:  # no scatter: the statistic is 0 / 0 or infinite
        return 1.0 if difference[0] == 0 else 0.0
    return float(np.asarray(stats.ttest_1samp(difference, 0.0))[1])


def _wilcoxon_p(difference: np.ndarray) -> float:
    if len(difference) < 2:
        return float("nan")
    if not difference.any():
        return 1.0
    return float(np.asarray(stats.wilcoxon(difference))[1])
