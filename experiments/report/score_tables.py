"""Tables of scores: one row a group of seeds, for each subset of the images, beside a reference and the baselines."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from experiments.report.run_reading import ReadRun
from experiments.report.score_catalogue import Score, scores_in_rows, scores_in_summary
from experiments.report.score_cells import Measured, summary_cell

Table = dict[str, Any]
_OWN = ("rows", "evaluation")
_ORDER = ("unoccluded", "occluded", "overall", "out_of_distribution")


@dataclass(frozen=True)
class Group:
    """Runs that differ in their seed only."""

    label: str
    places: list[int]


def score_tables(runs: Sequence[ReadRun], groups: Sequence[Group], reference: str | None = None) -> list[Table]:
    """Return the tables of all evaluations: from rows of single images where there are any, else from summaries.

    Args:
        runs: all of them.
        groups: of their seeds.
        reference: label of the group that others are compared with; the first one that was measured if None.
    """
    tables: list[Table] = []
    with_rows: set[tuple[str, int]] = set()
    for stem in dict.fromkeys(stem for run in runs for stem in run.rows):
        for images in dict.fromkeys(_images(run, stem) for run in runs if stem in run.rows):
            here = {place for place, run in enumerate(runs) if stem in run.rows and _images(run, stem) == images}
            table = _from_rows(stem, runs, groups, here, reference)
            if table is not None:
                tables.append(table)
                with_rows |= {("evaluation" if stem == "rows" else stem, place) for place in here}
    for stem in dict.fromkeys(stem for run in runs for stem in run.summaries):
        here = {
            place for place, run in enumerate(runs) if stem in run.summaries and (stem, place) not in with_rows
        }  # fmt: skip
        for method in dict.fromkeys(runs[place].method for place in sorted(here)):
            chosen = {place for place in here if runs[place].method == method}
            tables.append(_from_summaries(stem, runs, groups, chosen))
    return sorted(tables, key=lambda table: table["name"] not in _OWN)


def _images(run: ReadRun, stem: str) -> tuple:
    rows = run.rows[stem]
    return tuple(np.unique(rows["set"]).tolist()), rows["id"].astype(str).tobytes()


def _from_rows(
    stem: str, runs: Sequence[ReadRun], groups: Sequence[Group], here: set[int], reference: str | None
) -> Table | None:
    measured: list[Measured] = []
    for group in groups:
        places = _first_of_each_seed(runs, [place for place in group.places if place in here])
        if places:
            rows = [runs[place].rows[stem] for place in places]
            measured.append(Measured(group.label, [_seed(runs[place], place) for place in places], rows))
    if not measured or not len(measured[0].method.people):
        return None
    numbers = [name for name, values in measured[0].method.facts.items() if values.dtype.kind == "f"]
    columns = [*numbers, *(["twin"] if measured[0].knows_occluders else [])]
    scores = scores_in_rows(columns, known_only=stem not in _OWN)  # a study keeps rows of other things beside its own
    if not scores:
        return None
    subsets = measured[0].subsets()
    base = next((one for one in measured if one.method.label == reference), measured[0])
    lines = []
    for one in measured:
        cells: dict[str, Any] = {}
        for subset, chosen in subsets.items():
            for score in scores:
                cell = one.cell(score, chosen)
                if cell is None:
                    continue
                if one is not base and (difference := one.difference(base, score, chosen)) is not None:
                    cell["difference"] = difference
                cells.setdefault(subset, {})[score.key] = cell
        lines.append({"label": one.method.label, "seeds": list(one.method.seeds), "cells": cells})
    people = {name: len(np.unique(base.method.people[chosen])) for name, chosen in subsets.items()}
    counts = {name: {"images": int(chosen.sum()), "people": people[name]} for name, chosen in subsets.items()}
    table = _table(stem, runs, here, scores, counts, lines)
    return table | {"reference": base.method.label, "baselines": _baselines(base, scores, subsets), "paired": True}


def _from_summaries(stem: str, runs: Sequence[ReadRun], groups: Sequence[Group], here: set[int]) -> Table:
    chosen = [runs[place].summaries[stem] for place in sorted(here)]
    counts: dict[str, dict[str, int]] = {}
    for name in dict.fromkeys(name for summary in chosen for name in summary):
        first = next(summary[name] for summary in chosen if name in summary)
        counts[name] = {key: int(first[key]) for key in ("images", "people") if key in first}
    scores = scores_in_summary(dict.fromkeys(key for summary in chosen for part in summary.values() for key in part))
    lines = []
    for group in groups:
        places = _first_of_each_seed(runs, [place for place in group.places if place in here])
        if not places:
            continue
        summaries = [runs[place].summaries[stem] for place in places]
        cells: dict[str, Any] = {}
        for subset in counts:
            for score in scores:
                if (cell := summary_cell(score, summaries, subset)) is not None:
                    cells.setdefault(subset, {})[score.key] = cell
        seeds = [_seed(runs[place], place) for place in places]
        lines.append({"label": group.label, "seeds": seeds, "cells": cells})
    return _table(stem, runs, here, scores, counts, lines) | {"reference": None, "baselines": [], "paired": False}


def _table(
    stem: str, runs: Sequence[ReadRun], here: set[int], scores: list[Score], counts: dict, lines: list
) -> Table:  # fmt: skip
    methods = sorted({runs[place].method for place in here} - {""})
    order = [name for name in _ORDER if name in counts]
    return {
        "name": stem,
        "title": _title(stem) + (f" ({', '.join(methods)})" if methods else ""),
        "scores": [{key: value for key, value in asdict(score).items() if key != "baselines"} for score in scores],
        "subsets": {name: counts[name] for name in [*order, *(name for name in counts if name not in order)]},
        "lines": lines,
    }


def _baselines(base: Measured, scores: Sequence[Score], subsets: dict[str, np.ndarray]) -> list[dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    for score in scores:
        for label, column in score.baselines:
            for subset, chosen in subsets.items():
                cell = base.cell(Score(score.key, column, label), chosen)
                if cell is not None:
                    cell = {key: value for key, value in cell.items() if key not in ("seeds", "deviation")}
                    found.setdefault(label, {}).setdefault(subset, {})[score.key] = cell
    return [{"label": label, "cells": cells} for label, cells in found.items()]


def _first_of_each_seed(runs: Sequence[ReadRun], places: Sequence[int]) -> list[int]:
    seeds: dict[int, int] = {}
    for place in places:
        seeds.setdefault(_seed(runs[place], place), place)
    return [seeds[seed] for seed in sorted(seeds)]


def _seed(run: ReadRun, place: int) -> int:
    return place if run.seed is None else run.seed


def _title(stem: str) -> str:
    if stem in _OWN:
        return "Test images of the runs' own data"
    return stem.replace("_", " ").removeprefix("evaluation ").removeprefix("rows ").capitalize()
