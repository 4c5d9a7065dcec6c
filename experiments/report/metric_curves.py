"""The curves of a run, from its ``metrics.csv``, whatever state that is in."""

from __future__ import annotations

import csv
import math
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

_SHOWN_FAULTS = 3


@dataclass
class Curves:
    """What a run has logged.

    Attributes:
        series: for each metric its steps and values, both (N,), finite, in the order of the steps.
        last_step: of any row.
        problems: what could not be read, in a line each.
    """

    series: dict[str, tuple[np.ndarray, np.ndarray]] = field(default_factory=dict)
    last_step: int = 0
    problems: list[str] = field(default_factory=list)


def read_curves(path: Path) -> Curves:
    """Read a file of metrics; rows that are broken, such as the last one of a run that was killed, are left out."""
    curves = Curves()
    if not path.is_file():
        curves.problems.append(f"no {path.name}: nothing has been logged yet")
        return curves
    try:
        lines = list(csv.reader(path.read_text(encoding="utf-8", errors="replace").replace("\0", "").splitlines()))
    except (OSError, csv.Error) as error:
        curves.problems.append(f"{path.name} cannot be read ({error})")
        return curves
    header = lines[0] if lines else []
    if "step" not in header:
        curves.problems.append(f"{path.name} has no column 'step'")
        return curves
    found: dict[str, list[tuple[int, float]]] = {name: [] for name in header if name != "step"}
    broken, infinite = [], 0
    for number, line in enumerate(lines[1:], start=2):
        values = _numbers(header, line)
        if values is None:
            broken.append(number)
            continue
        step = int(values.pop("step"))
        curves.last_step = max(curves.last_step, step)
        for name, value in values.items():
            if math.isfinite(value):
                found[name].append((step, value))
            else:
                infinite += 1
    for name, points in found.items():
        if points:
            steps, values = np.array(points, dtype=np.float64).T
            order = np.argsort(steps, kind="stable")
            curves.series[name] = steps[order], values[order]
    if broken:
        told = ", ".join(map(str, broken[:_SHOWN_FAULTS])) + (", ..." if len(broken) > _SHOWN_FAULTS else "")
        curves.problems.append(f"{path.name}: {len(broken)} broken row(s) left out (line {told})")
    if infinite:
        curves.problems.append(f"{path.name}: {infinite} value(s) that are not finite left out")
    return curves


def _numbers(header: list[str], line: list[str]) -> dict[str, float] | None:
    """Return the values of a row by column; None where it is broken."""
    if len(line) != len(header):
        return None
    try:
        values = {name: float(cell) for name, cell in zip(header, line, strict=True) if cell != ""}
    except ValueError:
        return None
    return values if math.isfinite(values.get("step", math.nan)) else None


def thinned(steps: np.ndarray, values: np.ndarray, most: int) -> tuple[np.ndarray, np.ndarray]:
    """Return at most about ``most`` points: means over as many neighbours as it takes, and the last point itself."""
    width = -(-len(steps) // max(most, 1))
    if width <= 1:
        return steps, values
    whole = len(steps) // width * width
    kept = [array[:whole].reshape(-1, width).mean(1) for array in (steps, values)]
    return np.append(kept[0], steps[-1]), np.append(kept[1], values[-1])
