"""The values that a study's sweep takes."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from experiments.config.composition import compose
from experiments.studies.planning.specification import Catalogue, Study
from seethrough.errors import SeethroughError

QUICK_POINTS = 2


@dataclass(frozen=True)
class SweepPoint:
    """One value of one swept setting.

    Attributes:
        name: of the setting in the study.
        title: of the setting in tables.
        key: the setting.
        value: what it is set to.
        standard: it is the value that everything else has.
        row: name of the run.
    """

    name: str
    title: str
    key: str
    value: float
    standard: bool
    row: str


def sweep_points(study: Study, catalogue: Catalogue, quick: bool = False) -> list[SweepPoint]:
    """Return all values of a study's sweep, setting by setting, from the smallest to the largest.

    Args:
        study: whose ``rows[0]`` has the standard values.
        catalogue: all runs.
        quick: at the size of a test: the standard values and the first two others.

    Raises:
        SeethroughError: a swept setting is no number of the run.
    """
    points = []
    for name, swept in (study.sweep or {}).items():
        standard = _standard(catalogue.runs[study.rows[0]].config, swept.key)
        for factor in swept.factors:
            row = study.rows[0] if factor == 1 else f"sweep-{name}-x{factor:g}"
            value = float(f"{standard * factor:.4g}")
            points.append(SweepPoint(name, swept.title, swept.key, value, factor == 1, row))
    others = [point for point in points if not point.standard]
    skipped = others[QUICK_POINTS:] if quick else []
    return [point for point in points if point not in skipped]


@cache
def _standard(config: str, key: str) -> float:
    value: object = compose([config]).plain
    for part in key.split("."):
        value = value.get(part) if isinstance(value, dict) else None
    if isinstance(value, bool) or not isinstance(value, int | float) or value == 0:
        raise SeethroughError(f"a sweep multiplies '{key}', but it is {value!r} in {config}: sweep another setting")
    return float(value)
