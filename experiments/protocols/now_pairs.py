"""FOCUS' matched pairs of NoW: Table 3, and Table 2 of the supplement."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from datamodules.now.challenge import challenge_images
from datamodules.now.scoring import Scores, group_statistics
from experiments.protocols import published
from experiments.protocols.matched_pairs import ROW, MatchedPair, read_matched_pairs
from experiments.protocols.now_prior import prior_sheet
from experiments.protocols.now_scored import POINTS_NOTE, STATISTICS, predicted
from experiments.protocols.settings import Settings
from experiments.protocols.sheets import NOTHING, PAPER, Result, Sheet, interval, probability, triple
from seethrough.errors import SeethroughError
from seethrough.metrics.paired import paired_comparison

PAIRS_NOTE = (
    "The paper's 62 pairs were never published: published figures are of other pairs, unless the list is the authors'."
)


def matched_pairs(settings: Settings) -> Result:
    """Repeat Table 3: shape errors of matched photos without and with an occluder."""
    return _pairs(settings, published.FOCUS_TABLE_3)


def supervised_pairs(settings: Settings) -> Result:
    """Repeat Table 2 of the supplement: the same for rows with true masks, with and without the misfit prior."""
    result = _pairs(settings, published.FOCUS_SUPPLEMENT_2)
    without = [run.label for run in settings.runs if f"{run.label}-MP" not in result.numbers]
    if without:
        result.notes.append(
            f"Without a misfit prior: {', '.join(without)}; `python -m tools.misfit_prior RUN` builds one."
        )
    return result


def _pairs(settings: Settings, figures: Mapping[str, Any]) -> Result:
    if settings.pairs is None:
        raise SeethroughError(
            f"the paper's pairs were never published: name a list by --pairs FILE, in each row the photo without and "
            f"the one with an occluder: {ROW}"
        )
    dataset, split, scored, result = predicted(settings, settings.pairs)
    if dataset is None:
        raise SeethroughError("this protocol needs the scans of NoW: name the data set by now.root=FOLDER")
    pairs = read_matched_pairs(settings.pairs, {image.path for image in challenge_images(dataset, split)})
    result.published = figures
    sides = ("unoccluded: median mean std", "occluded: median mean std")
    sheet = Sheet(
        f"{len(pairs)} matched pairs of NoW, {split} people: scan to mesh, mm",
        ["", *sides, "an occluder adds [95 %]", "p", *(PAPER + side for side in sides)],
    )
    for each in scored:
        numbers = pair_numbers(each.scores, pairs)
        result.numbers[each.label] = numbers
        shown = [triple([numbers[side][key] for key in STATISTICS]) for side in ("unoccluded", "occluded")]
        added = interval(*(numbers["occluder_adds"][key] for key in ("mean_mm", "low", "high")))
        printed = each.run.published(figures, each.prior)
        sheet.rows.append(
            [each.name, *shown, added, probability(numbers["occluder_adds"]["t_p"])]
            + ([triple(side) for side in printed] if printed else [NOTHING] * 2)
        )
        if numbers["missing_pairs"]:
            result.notes.append(f"{each.label}: {numbers['missing_pairs']} pairs left out, for a photo without a mesh.")
    done = {f"{each.run.row}{'-MP' if each.prior else ''}" for each in scored}
    for row, both in figures.items():
        if row not in done:
            sheet.rows.append([row, *[NOTHING] * 4, *(triple(side) for side in both)])
    result.sheets.append(sheet)
    result.sheets += prior_sheet(scored, result)
    result.notes += [PAIRS_NOTE, POINTS_NOTE]
    return result


def pair_numbers(scores: Scores, pairs: Sequence[MatchedPair]) -> dict[str, Any]:
    """Return statistics of both sides of matched pairs and what an occluder adds to the mean error of a photo.

    Pairs of which a photo was not scored are left out and counted.
    """
    known = [pair for pair in pairs if pair.plain in scores.distances and pair.occluded in scores.distances]
    plain, occluded = [pair.plain for pair in known], [pair.occluded for pair in known]
    people = {name: number for number, name in enumerate(dict.fromkeys(pair.subject for pair in known))}
    test = paired_comparison(
        [scores.distances[path].mean() for path in occluded],
        [scores.distances[path].mean() for path in plain],
        np.array([people[pair.subject] for pair in known], dtype=int),
    )
    added = {"mean_mm": test.difference.mean, "low": test.difference.low, "high": test.difference.high}
    return {
        "unoccluded": group_statistics(scores, plain),
        "occluded": group_statistics(scores, occluded),
        "occluder_adds": added | {"t_p": test.t_p, "people_t_p": test.people_t_p, "wilcoxon_p": test.wilcoxon_p},
        "pairs": len(known),
        "people": len(people),
        "missing_pairs": len(pairs) - len(known),
    }
