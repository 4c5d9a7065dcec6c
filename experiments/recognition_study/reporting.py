"""Tables of the study, with the paper's figures beside ours, and its ROCs."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from experiments.protocols import published
from experiments.protocols.sheets import NOTHING, PAPER, Sheet, interval, number, spread
from experiments.protocols.verification_pairs import PhotoPairs
from experiments.recognition_study.describing import FOUNDATION
from experiments.recognition_study.scoring import GRID, Resampling, Verified, verified
from experiments.recognition_study.ways import BLACK, FILLED, OWN, RANDOM, WHOLE, ZERO
from experiments.studies.reporting.figure import new_figure, save_figure, style
from seethrough.errors import SeethroughError
from seethrough.metrics.intervals import MeanInterval

SCORES = {"eer_complement": "100 % - EER", "accuracy": "accuracy", "nauc": "nAUC"}
AGAINST = (RANDOM, "random references, mixed", ZERO, "harmonic", "filled (one reference)", "filled (paper)")
_TWO = "pairs of two people accepted, %"
SUBSET_WAYS = (FOUNDATION, WHOLE, FILLED)
DRAWN = (WHOLE, BLACK, FILLED, ZERO, "harmonic", RANDOM, OWN)
_BACK = ("of loss to black, %", "of loss to no bump, %")
"""Accuracy given back, as a share of what is lost from whole maps to those whose squares say 13 mm, or nothing."""
_PAPER_HEADING = [f"{PAPER}{name}" for name in SCORES.values()]
_PAPER_ROWS: dict[str, published.Verified] = {
    FOUNDATION: published.EXTREME_3D_TABLE_1["all"],
    WHOLE: published.EXTREME_3D_TABLE_1_BUMPS["whole"],
    BLACK: published.EXTREME_3D_TABLE_1_BUMPS["black squares"],
    "filled (paper)": published.EXTREME_3D_TABLE_1_BUMPS["filled"],
}

Ways = Mapping[str, Verified]


def score_sheet(title: str, ways: Ways, errors: Mapping[str, float], resampling: Resampling) -> Sheet:
    """Return a row a way: scores, what it gives back of the lost accuracy, and its error inside the holes.

    Deviations are over folds, that of accuracy over seeds in a column of its own; errors are from the whole map.
    """
    heading = ["", *SCORES.values(), "± over seeds", *_BACK, "error, mm"]
    sheet = Sheet(title, [*heading, *_PAPER_HEADING])
    for name, way in ways.items():
        means = {key: way.mean(key) for key in SCORES}
        cells = [spread(mean, folds) for mean, folds, _ in means.values()]
        over_seeds = number(means["accuracy"][2])
        back = [
            percent(resampling.recovered(way, ways[WHOLE], ways[lost]))
            if name in errors and name not in (WHOLE, BLACK, lost)
            else NOTHING
            for lost in (BLACK, ZERO)
        ]
        printed = _PAPER_ROWS.get(name)
        theirs = [spread(*figure) for figure in printed] if printed else [NOTHING] * len(SCORES)
        millimetres = number(errors.get(name, float("nan")), 3)
        sheet.rows.append([name, *cells, over_seeds, *back, millimetres, *theirs])
    return sheet


def difference_sheet(title: str, ways: Ways, resampling: Resampling) -> Sheet:
    """Return by how much filling from references is above every other fill, with intervals over people."""
    sheet = Sheet(title, ["", "accuracy, points", *_BACK, "better folds"])
    for first, other in [*((FILLED, name) for name in AGAINST), (OWN, FILLED)]:
        if first not in ways or other not in ways:
            continue
        one, two = ways[first], ways[other]
        points = resampling.difference(one, two)
        shares = [percent(resampling.recovered_more(one, two, ways[WHOLE], ways[lost])) for lost in (BLACK, ZERO)]
        above = one.fold_accuracy - two.fold_accuracy
        count = f"{int((above > 0).sum())} of {len(above)}"
        sheet.rows.append([f"{first} less {other}", interval(points.mean, points.low, points.high, 2), *shares, count])
    return sheet


def subset_sheet(
    found: Mapping[str, list[np.ndarray]], ids: list[str], pairs: PhotoPairs, occluded: set[str]
) -> tuple[Sheet, dict[str, Any], dict[str, np.ndarray]]:
    """Tell pairs with an occluded face, by FOCUS' mask, from those without, as the upper half of Table 1.

    Returns:
        The table, its numbers, and the foundation's curves; a subset without pairs of both kinds in two folds is left
        out.
    """
    hidden = np.isin(pairs.first, sorted(occluded)) | np.isin(pairs.second, sorted(occluded))
    sheet = Sheet("Pairs with an occluded face, and without", ["", "pairs", *SCORES.values(), *_PAPER_HEADING])
    numbers: dict[str, Any] = {}
    curves: dict[str, np.ndarray] = {}
    for name, used in {"all": np.ones(len(hidden), bool), "with an occluder": hidden, "without": ~hidden}.items():
        for way in SUBSET_WAYS:
            if way not in found:
                continue
            try:
                scored = verified(found[way], ids, pairs, used)
            except SeethroughError:
                continue
            theirs = published.EXTREME_3D_TABLE_1.get(name) if way == FOUNDATION else None
            cells = [spread(*scored.mean(key)[:2]) for key in SCORES]
            printed = [spread(*figure) for figure in theirs] if theirs else [NOTHING] * len(SCORES)
            sheet.rows.append([f"{way}: {name}", f"{scored.scores[0].pairs:,}", *cells, *printed])
            numbers.setdefault(way, {})[name] = [each.as_dict() for each in scored.scores]
            if way == FOUNDATION:
                curves[f"{way}, {name}"] = scored.curve
    return sheet, numbers, curves


def numbers_of(ways: Ways, errors: Mapping[str, float], resampling: Resampling | None) -> dict[str, Any]:
    """Return all of it for programs."""
    result: dict[str, Any] = {}
    for name, way in ways.items():
        seeds = [each.as_dict() for each in way.scores]
        result[name] = {"seeds": seeds, "fold_accuracy": way.fold_accuracy, "error_mm": errors.get(name)}
        if resampling is not None and name in errors and name not in (WHOLE, FILLED):
            result[name]["filled_less_this_points"] = vars(resampling.difference(ways[FILLED], way))
            for lost, of in ((BLACK, "black"), (ZERO, "zero")):
                share = resampling.recovered_more(ways[FILLED], way, ways[WHOLE], ways[lost])
                result[name][f"filled_gives_back_more_of_{of}"] = vars(share)
        if resampling is not None and name in errors and name != WHOLE:
            for lost, of in ((BLACK, "black"), (ZERO, "zero")):
                result[name][f"gives_back_of_{of}"] = vars(resampling.recovered(way, ways[WHOLE], ways[lost]))
    return result


def percent(share: MeanInterval) -> str:
    """Return a share and its interval in percent."""
    return interval(100 * share.mean, 100 * share.low, 100 * share.high, 1)


def draw_bump_rocs(path: Path, ways: Ways, title: str) -> Path:
    """Draw ROCs as in Fig. 7, and their upper left corner; the three that the paper draws are heavier."""
    figure, axes = new_figure(columns=2, width=4.8, height=4.2)
    colours = {WHOLE: ("red", "-"), BLACK: ("red", "--"), FILLED: ("blue", "--")}
    for place, name in enumerate(way for way in DRAWN if way in ways):
        line: dict[str, Any] = {**style(place), "linewidth": 1.0}
        if name in colours:
            line = {"color": colours[name][0], "linestyle": colours[name][1], "linewidth": 2.0}
        for axis in axes[0]:
            axis.plot(100 * GRID, 100 * ways[name].curve, label=name, **line)
    axes[0][1].set(xlabel=_TWO, xlim=(0, 20), ylim=(60, 100))
    return _finished(figure, axes[0][0], title, path)


def draw_foundation_rocs(path: Path, curves: Mapping[str, np.ndarray], title: str) -> Path:
    """Draw ROCs of the foundation's coefficients as in Fig. 6 (right)."""
    figure, axes = new_figure(width=5.6, height=4.4)
    axis = axes[0][0]
    for place, (name, curve) in enumerate(curves.items()):
        axis.plot(100 * GRID, 100 * curve, label=name, linewidth=1.6, **style(place))
    return _finished(figure, axis, title, path)


def _finished(figure: Any, axis: Any, title: str, path: Path) -> Path:
    axis.plot([0, 100], [0, 100], color="grey", linewidth=0.6, linestyle=":")
    axis.set(xlabel=_TWO, ylabel="pairs of one person accepted, %", xlim=(0, 100), ylim=(0, 100))
    figure.suptitle(title, fontsize=9)
    axis.legend(fontsize=7, loc="lower right")
    path.parent.mkdir(parents=True, exist_ok=True)
    return save_figure(figure, path)
