"""From the errors of single holes to the tables of the study."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from experiments.filling_study.holes import HOLES
from experiments.means_over_seeds import means_over_seeds
from experiments.study_command import mean_cell
from seethrough.metrics.paired import paired_comparison

MEASURES = ("l1_mm", "rmse_mm", "step_mm", "seconds")
OURS = "default, mixed"

Row = Mapping[str, Any]


def compared(rows: Sequence[Row]) -> list[dict[str, Any]]:
    """Return a line for each source of bumps, kind of hole and fill; ``OURS`` less each with an interval over people.

    Args:
        rows: of single holes, with ``bumps``, ``hole``, ``fill``, ``face``, ``seed`` and the measures.
    """
    lines = []
    for line in means_over_seeds(rows, ("bumps", "hole", "fill"), MEASURES):
        here = [row for row in rows if all(row[name] == line[name] for name in ("bumps", "hole"))]
        if line["fill"] != OURS:
            line |= _less(here, lambda row: row["fill"] == OURS, lambda row, name=line["fill"]: row["fill"] == name)
        lines.append(line)
    return lines


def chosen(rows: Sequence[Row]) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """Return a line for each setting, with its mean error in each kind of hole, and the best of the default's ranking.

    Best is the least mean error over all holes; each line has what the best has less, with an interval over people.
    """
    groups = ("ranking", "together", "shrinkage")
    lines = means_over_seeds(rows, groups, ("l1_mm",))
    for line in lines:
        own = [row for row in rows if all(row[name] == line[name] for name in groups)]
        for kind in HOLES:
            line[f"{kind}_l1_mm"] = float(np.mean([row["l1_mm"] for row in own if row["hole"] == kind]))
    best = min((line for line in lines if line["ranking"] == "default"), key=lambda line: float(str(line["l1_mm"])))

    def is_of(line: Row) -> Callable[[Row], bool]:
        return lambda row: all(row[name] == line[name] for name in groups)

    for line in lines:
        if line is not best:
            line |= _less(rows, is_of(best), is_of(line))
    return lines, {name: best[name] for name in (*groups, "l1_mm")}


def _less(rows: Sequence[Row], first: Callable[[Row], bool], second: Callable[[Row], bool]) -> dict[str, float]:
    """Return mean and 95 % interval of the first's error less the second's, hole by hole; people are resampled."""
    one, other = ({(row["face"], row["seed"], row["hole"]): row["l1_mm"] for row in rows if which(row)}
                  for which in (first, second))  # fmt: skip
    keys = sorted(one)
    people = {face: number for number, face in enumerate(sorted({face for face, _, _ in keys}))}
    pair = paired_comparison(
        np.array([one[key] for key in keys]), np.array([other[key] for key in keys]), [people[key[0]] for key in keys]
    ).difference
    return {"difference_mm": pair.mean, "low_mm": pair.low, "high_mm": pair.high}


def difference_cell(line: Row) -> str:
    """Return the difference of a line, or nothing."""
    if "low_mm" not in line:
        return ""
    return f"{line['difference_mm']:+.3f} ({line['low_mm']:+.3f} to {line['high_mm']:+.3f})"


COMPARED = ("bumps", "hole", "fill", "mean error mm", "RMSE mm", "step error mm", "CPU ms", "default, mixed, less this")
CHOSEN = ("ranking", "references", "shrinkage", *(f"{kind} mm" for kind in HOLES), "all holes mm", "best less this")


def compared_cells(line: Row) -> list[str]:
    """Return the cells of a line of :func:`compared`."""
    numbers = [mean_cell(line, name, 3) for name in MEASURES[:3]]
    return [line["bumps"], line["hole"], line["fill"], *numbers, f"{1e3 * line['seconds']:.0f}", difference_cell(line)]


def chosen_cells(line: Row) -> list[str]:
    """Return the cells of a line of :func:`chosen`."""
    shrinkage = f"{line['shrinkage']:g}" if line["together"] > 1 else ""
    numbers = [f"{line[f'{kind}_l1_mm']:.3f}" for kind in HOLES]
    first = [line["ranking"], str(line["together"]), shrinkage]
    return [*first, *numbers, mean_cell(line, "l1_mm", 4), difference_cell(line)]
