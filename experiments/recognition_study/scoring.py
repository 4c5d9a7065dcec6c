"""Verification in folds of every way, over the seeds of the recogniser, and differences with people resampled."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from experiments.protocols.verification_pairs import PhotoPairs
from seethrough.errors import SeethroughError
from seethrough.metrics.intervals import MeanInterval
from seethrough.metrics.verification import VerificationScores, cosine, roc, verify

DRAWS = 2000
GRID = np.linspace(0, 1, 201)
"""False acceptances at which ROCs are averaged."""


@dataclass(frozen=True)
class Verified:
    """One way.

    Attributes:
        scores: by seed, of all pairs of the subset.
        right: (P,) share of seeds that decide a pair rightly; NaN for pairs that are not scored.
        fold_accuracy: (F,) percent, mean over seeds.
        curve: (201,) share of accepted pairs of one person at the false acceptances :data:`GRID`, mean over folds and
            seeds.
    """

    scores: list[VerificationScores]
    right: np.ndarray
    fold_accuracy: np.ndarray
    curve: np.ndarray

    def mean(self, name: str) -> tuple[float, float, float]:
        """Return a score's mean over seeds, the mean of its deviations over folds, and its deviation over seeds."""
        values = [getattr(each, name) for each in self.scores]
        folds = float(np.mean([getattr(each, f"{name}_std") for each in self.scores]))
        return float(np.mean(values)), folds, float(np.std(values, ddof=1)) if len(values) > 1 else float("nan")


def verified(
    descriptors: list[np.ndarray], ids: list[str], pairs: PhotoPairs, used: np.ndarray | None = None
) -> Verified:
    """Verify pairs by the cosine of descriptors.

    Args:
        descriptors: (N, D) for each seed.
        ids: of the N faces.
        pairs: by ids; pairs of faces that are not there are left out and counted.
        used: (P,) whether a pair counts.

    Raises:
        SeethroughError: not two folds with pairs of both kinds.
    """
    first, second = pairs.numbers(ids)
    counted = np.ones(len(pairs.same), bool) if used is None else used
    scores, right, accuracy, curves = [], [], [], []
    for each in descriptors:
        table = np.concatenate([each.astype(np.float64), np.full((1, each.shape[1]), np.nan)])
        known = np.isfinite(table).all(1)
        alike = np.where(known[first] & known[second], cosine(table[first], table[second]), np.nan)
        alike = np.where(counted, alike, np.nan)
        try:
            found = verify(alike[counted], pairs.same[counted], pairs.folds[counted])
        except ValueError as error:
            raise SeethroughError(f"the pairs cannot be verified: {error}") from None
        decided, folds = np.full(len(alike), np.nan), []
        scored = [fold for fold in np.unique(pairs.folds[counted]) if _both(alike, pairs, fold)]
        for fold, threshold in zip(scored, found.thresholds, strict=True):
            inside = (pairs.folds == fold) & np.isfinite(alike)
            decided[inside] = (alike[inside] >= threshold) == pairs.same[inside]
            accepted, refused = roc(alike[inside], pairs.same[inside])
            curves.append(np.interp(GRID, accepted, 1 - refused))
            folds.append(100 * decided[inside].mean())
        scores.append(found)
        right.append(decided)
        accuracy.append(folds)
    return Verified(scores, np.mean(right, 0), np.mean(accuracy, 0), np.mean(curves, 0))


def _both(alike: np.ndarray, pairs: PhotoPairs, fold: int) -> bool:
    inside = (pairs.folds == fold) & np.isfinite(alike)
    return bool(pairs.same[inside].any() and (~pairs.same[inside]).any())


class Resampling:
    """Differences of accuracy and recovered shares, people drawn with replacement.

    A pair of one person counts as often as the person is drawn, one of two as often as both are.

    Args:
        people: (P, 2) numbers of the people of each pair.
        seed: of the draws.
    """

    def __init__(self, people: np.ndarray, seed: int = 0) -> None:
        numbers = np.unique(people, return_inverse=True)[1].reshape(people.shape)
        count = int(numbers.max()) + 1
        drawn = np.random.default_rng(seed).multinomial(count, np.full(count, 1 / count), size=DRAWS)
        one, other = numbers.T
        self._weights = np.where(one == other, drawn[:, one], drawn[:, one] * drawn[:, other]).astype(np.float64)

    def difference(self, first: Verified, second: Verified) -> MeanInterval:
        """Return by how many percent of pairs the first is right more often, with its 95 % interval."""
        values = 100 * (first.right - second.right)
        return self._interval(values, lambda weights: _mean(values, weights))

    def recovered(self, way: Verified, whole: Verified, lost: Verified) -> MeanInterval:
        """Return the share of the accuracy lost from ``whole`` to ``lost`` that a way gives back."""
        gained, lack = way.right - lost.right, whole.right - lost.right
        return self._interval(gained, lambda weights: _mean(gained, weights) / _mean(lack, weights))

    def recovered_more(self, way: Verified, other: Verified, whole: Verified, lost: Verified) -> MeanInterval:
        """Return by how much the share that one way gives back is above another's."""
        gained, lack = way.right - other.right, whole.right - lost.right
        return self._interval(gained, lambda weights: _mean(gained, weights) / _mean(lack, weights))

    def _interval(self, values: np.ndarray, statistic) -> MeanInterval:
        with np.errstate(divide="ignore", invalid="ignore"):
            low, high = np.nanquantile(statistic(self._weights), [0.025, 0.975])
            mean = float(statistic(np.ones((1, len(values))))[0])
        return MeanInterval(mean, float(low), float(high), int(np.isfinite(values).sum()))


def _mean(values: np.ndarray, weights: np.ndarray) -> np.ndarray:
    known = np.isfinite(values)
    return weights[:, known] @ values[known] / weights[:, known].sum(1)


def descriptors_of(columns: Mapping[str, np.ndarray]) -> dict[str, list[np.ndarray]]:
    """Return way -> (N, D) for each seed; coefficients of the foundation, which no recogniser sees, have one."""
    found: dict[str, list[np.ndarray]] = {}
    for name, values in columns.items():
        kind, _, rest = name.partition("/")
        if kind == "coefficients":
            found[rest] = [values]
        elif kind == "descriptor":
            found.setdefault(rest.partition("/")[2], []).append(values)
    return found
