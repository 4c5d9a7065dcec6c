"""FOCUS' tables of shapes on all photos of NoW: Tables 2 and 5."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from datamodules.now.scoring import challenges, group_statistics
from experiments.protocols import published
from experiments.protocols.now_prior import prior_sheet
from experiments.protocols.now_scored import POINTS_NOTE, STATISTICS, Scored, predicted
from experiments.protocols.settings import Settings
from experiments.protocols.sheets import NOTHING, PAPER, Result, Sheet, triple


def challenge(settings: Settings) -> Result:
    """Write predictions of all photos in the official layout and score them where their scans are there."""
    dataset, split, scored, result = predicted(settings)
    figures = published.FOCUS_TABLE_2 if split == "test" else published.FOCUS_TABLE_5_NOW
    result.published = figures
    if dataset is None:
        return result
    heading = ["all photos: median mean std", "photos", "missing"]
    sheet = Sheet(f"NoW, {split} people: scan to mesh, mm", ["", *heading, f"{PAPER}median mean std"])
    for each in scored:
        all_photos = group_statistics(each.scores, list(each.scores.distances))
        result.numbers.setdefault(each.run.label, {})["misfit_prior" if each.prior else "now"] = {
            "all": all_photos,
            "challenges": {
                name: group_statistics(each.scores, paths) for name, paths in challenges(each.scores).items()
            },
            "missing": dict(each.scores.missing),
        }
        cells = [triple([all_photos[key] for key in STATISTICS], 3), str(len(each.scores.distances))]
        sheet.rows.append(
            [each.name, *cells, str(len(each.scores.missing)), triple(each.run.published(figures, each.prior))]
        )
    sheet.rows += _remaining(figures, scored, len(heading))
    result.sheets.append(sheet)
    result.sheets += _by_challenge(scored)
    result.sheets += prior_sheet(scored, result)
    result.notes.append(POINTS_NOTE)
    return result


def _by_challenge(scored: Sequence[Scored]) -> list[Sheet]:
    names = sorted({name for each in scored for name in challenges(each.scores)})
    sheet = Sheet("By challenge: median mean std, mm", ["", *(name.replace("_", " ") for name in names)])
    for each in scored:
        groups = challenges(each.scores)
        cells = [group_statistics(each.scores, groups.get(name, [])) for name in names]
        sheet.rows.append([each.label, *(triple([cell[key] for key in STATISTICS], 3) for cell in cells)])
    return [sheet]


def _remaining(figures: Mapping[str, Any], scored: Sequence[Scored], dashes: int) -> list[list[str]]:
    done = {f"{each.run.row}{'-MP' if each.prior else ''}" for each in scored}
    return [[row, *[NOTHING] * dashes, triple(values)] for row, values in figures.items() if row not in done]
