"""Numbers of one group of runs in one score and subset: means, intervals over people, spread over seeds."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from experiments.report.run_reading import Rows, Summary
from experiments.report.score_catalogue import Score
from experiments.studies.reporting.measured import MAIN_SUBSETS, Method
from seethrough.metrics import MeanInterval, mean_interval, skill_interval

Cell = dict[str, Any]


class Measured:
    """The rows of the seeds of one group on the same images.

    Args:
        label: of the group.
        seeds: of its runs.
        rows: of each of them.
    """

    def __init__(self, label: str, seeds: Sequence[int], rows: Sequence[Rows]) -> None:
        nobody = np.full(len(rows[0]["id"]), -1)
        filled = [{"identity": nobody, "subset": np.full(len(nobody), ""), **columns} for columns in rows]
        self.method = Method(label, label, tuple(seeds), tuple(filled))
        self.knows_occluders = {"occluder", "occluder_name", "twin"} <= set(filled[0])

    def subsets(self) -> dict[str, np.ndarray]:
        """Return which images belong to each subset that has some: (N,) each."""
        facts = self.method.facts
        if self.knows_occluders:
            names = [*MAIN_SUBSETS, *self.method.families]
            chosen = {name: self.method.subset(name) for name in names}
        else:
            chosen = {"overall": np.ones(len(facts["id"]), dtype=bool)}
            chosen |= {str(name): facts["subset"] == name for name in np.unique(facts["subset"]) if str(name)}
        return {name: images for name, images in chosen.items() if images.any()}

    def values(self, column: str) -> np.ndarray:
        """Return (seeds, N) of a column, NaN where it is not known; ``twin:COLUMN`` is what an occluder adds."""
        if column.startswith("twin:") and not self.knows_occluders:
            return np.full((len(self.method.seeds), len(self.method.people)), np.nan)
        return self.method.values(column)

    def cell(self, score: Score, chosen: np.ndarray) -> Cell | None:
        """Return the mean over seeds of the means over the images of a subset, its interval, and each seed's mean."""
        values = self.values(score.column)[:, chosen]
        people = self.method.people[chosen]
        if score.relative_to:
            reference = self.values(score.relative_to)[:, chosen]
            interval = skill_interval(values.mean(0), reference.mean(0), people)
            with np.errstate(invalid="ignore", divide="ignore"):
                seeds = 1 - _means(values) / _means(reference)
        else:
            interval, seeds = mean_interval(values.mean(0), people), _means(values)
        return _cell(interval, seeds)

    def difference(self, other: Measured, score: Score, chosen: np.ndarray) -> Cell | None:
        """Return this minus ``other`` on the same images, over the seeds that both have."""
        common = [seed for seed in self.method.seeds if seed in other.method.seeds]
        if not common:
            return None
        pair = [Measured(one.method.label, common, one.method.of_seeds(common).rows) for one in (self, other)]
        values = (pair[0].values(score.column) - pair[1].values(score.column))[:, chosen]
        people = self.method.people[chosen]
        if score.relative_to:
            # The difference of two skills is minus that of the errors, as a share of the same baseline.
            reference = pair[0].values(score.relative_to)[:, chosen]
            interval = skill_interval((values + reference).mean(0), reference.mean(0), people)
            with np.errstate(invalid="ignore", divide="ignore"):
                seeds = -_means(values) / _means(reference)
        else:
            interval, seeds = mean_interval(values.mean(0), people), _means(values)
        return _cell(interval, seeds)


def summary_cell(score: Score, summaries: Sequence[Summary], subset: str) -> Cell | None:
    """Return a cell from evaluations without rows: an interval over people is there for a single seed only."""
    found = [summary[subset] for summary in summaries if score.key in summary.get(subset, {})]
    seeds = np.array([scores[score.key] for scores in found])
    if not len(seeds):
        return None
    low, high = (found[0].get(f"{score.key}_{side}", math.nan) for side in ("low", "high"))
    alone = len(seeds) == 1
    count = int(found[0].get("images", 0))
    return _cell(
        MeanInterval(float(seeds.mean()), low if alone else math.nan, high if alone else math.nan, count), seeds
    )


def _cell(interval: MeanInterval, seeds: np.ndarray) -> Cell | None:
    if not math.isfinite(interval.mean):
        return None
    known = [_short(value) for value in seeds if math.isfinite(value)]
    cell: Cell = {"mean": _short(interval.mean), "images": interval.count, "seeds": known}
    if math.isfinite(interval.low):
        cell |= {"low": _short(interval.low), "high": _short(interval.high)}
    if len(known) > 1:
        cell["deviation"] = _short(float(np.std(known, ddof=1)))
    return cell


def _means(values: np.ndarray) -> np.ndarray:
    """Return (seeds,) means of the finite values; NaN where there are none."""
    known = np.isfinite(values)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(known, values, 0).sum(1) / known.sum(1)


def _short(value: float) -> float:
    return float(f"{value:.6g}")
