"""Cells of tables: formatted for people, and kept as numbers for programs."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from experiments.studies.reporting.measured import Method
from seethrough.metrics import MeanInterval, mean_interval, skill_interval

NOTHING = "-"
# What tables with differences say of them.
SIGNS = "; (2/3): of the 3 seeds that both have, 2 with the same sign"


@dataclass
class Cells:
    """Formats numbers and remembers each among the numbers of ``table.json``.

    Two kinds of spread never mix: ``±`` is the standard deviation over seeds of the mean over images; brackets hold the
    95 % interval over images (people resampled) of the mean over seeds. As those know nothing of chance in
    training, ``(2/3)`` says beside them that of three seeds two have a difference with the sign of the mean.
    """

    records: list[dict[str, Any]] = field(default_factory=list)

    def value(self, method: Method | None, column: str, subset: str, digits: int = 3) -> str:
        """Return ``mean ± sd`` over seeds of a column's mean over the images of a subset."""
        if method is None:
            return NOTHING
        chosen = method.values(column)[:, method.subset(subset)]
        return self.seeds(method, column, subset, _row_means(chosen), digits, _known(chosen))

    def spread(self, method: Method | None, column: str, subset: str, digits: int = 3) -> str:
        """Return the standard deviation of a column over the images of a subset, its mean over seeds."""
        if method is None:
            return NOTHING
        chosen = method.values(column)[:, method.subset(subset)]
        deviations = np.array([row[np.isfinite(row)].std() if np.isfinite(row).any() else np.nan for row in chosen])
        return self.seeds(method, f"{column} (deviation over images)", subset, deviations, digits, _known(chosen))

    def seeds(self, method: Method, column: str, subset: str, values: np.ndarray, digits: int, images: int = 0) -> str:
        """Return ``mean ± sd`` of one (S,) number a seed."""
        known = values[np.isfinite(values)]
        if not len(known):
            return NOTHING
        mean, deviation = float(known.mean()), float(known.std(ddof=1)) if len(known) > 1 else math.nan
        self._keep(method.name, column, subset, mean=mean, sd_over_seeds=deviation, seeds=len(known), images=images)
        return f"{mean:.{digits}f}" + ("" if math.isnan(deviation) else f" ± {deviation:.{digits}f}")

    def mean(self, method: Method | None, column: str, subset: str, digits: int = 3) -> str:
        """Return ``+mean [low, high] (signs)`` over the images of a subset, for columns that are differences."""
        if method is None:
            return NOTHING
        chosen = method.subset(subset)
        values = method.values(column)[:, chosen]
        interval = mean_interval(values.mean(0), method.people[chosen])
        return self.interval(method.name, column, subset, interval, digits, _row_means(values))

    def difference(
        self, first: Method | None, second: Method | None, column: str, subset: str, digits: int = 3,
        second_column: str | None = None,
    ) -> str:  # fmt: skip
        """Return ``first - second [low, high] (signs)`` over the same images and the seeds that both have.

        ``second_column`` is the column of the second where it has another name there.
        """
        if first is None or second is None:
            return NOTHING
        common = [seed for seed in first.seeds if seed in second.seeds]
        if not common:
            return NOTHING
        chosen = first.subset(subset)
        one, other = first.of_seeds(common), second.of_seeds(common)
        values = (one.values(column) - other.values(second_column or column))[:, chosen]
        interval = mean_interval(values.mean(0), first.people[chosen])
        name = second.name if second_column is None else f"{second.name} {second_column}"
        return self.interval(first.name, f"{column} minus {name}", subset, interval, digits, _row_means(values))

    def skill(self, method: Method | None, column: str, subset: str, digits: int = 3) -> str:
        """Return ``1 - error / error of the mean face``, ``[low, high]`` over images."""
        if method is None:
            return NOTHING
        chosen = method.subset(subset)
        errors, reference = method.mean(column)[chosen], method.mean("mean_face_error_mm")[chosen]
        interval = skill_interval(errors, reference, method.people[chosen])
        return self.interval(method.name, f"skill of {column}", subset, interval, digits)

    def interval(
        self, row: str, column: str, subset: str, interval: MeanInterval, digits: int = 3,
        seeds: np.ndarray | None = None,
    ) -> str:  # fmt: skip
        """Return ``+mean [low, high]``, and ``(signs)`` where the (S,) differences of single seeds are given."""
        if not interval.count or math.isnan(interval.mean):
            return NOTHING
        counts, signs = {}, ""
        if seeds is not None:
            known = seeds[np.isfinite(seeds)]
            counts = {"seeds": len(known), "seeds_of_same_sign": int((np.sign(known) == np.sign(interval.mean)).sum())}
            signs = f" ({counts['seeds_of_same_sign']}/{counts['seeds']})"
        numbers = {"mean": interval.mean, "low": interval.low, "high": interval.high, "images": interval.count}
        self._keep(row, column, subset, **numbers, **counts)
        if math.isnan(interval.low):
            return f"{interval.mean:+.{digits}f}{signs}"
        return f"{interval.mean:+.{digits}f} [{interval.low:+.{digits}f}, {interval.high:+.{digits}f}]{signs}"

    def _keep(self, row: str, column: str, subset: str, **numbers: float) -> None:
        rounded = {key: value if isinstance(value, int) else _rounded(value) for key, value in numbers.items()}
        record = {"row": row, "column": column, "subset": subset, **rounded}
        if record not in self.records:
            self.records.append(record)


def _rounded(value: float) -> float:
    return float(f"{value:.6g}")


def _row_means(values: np.ndarray) -> np.ndarray:
    """Return (S,) means of the finite values of each row, NaN where there are none."""
    return np.array([row[np.isfinite(row)].mean() if np.isfinite(row).any() else np.nan for row in values])


def _known(values: np.ndarray) -> int:
    return int(np.isfinite(values).all(0).sum())
