"""The table that an evaluation prints."""

from __future__ import annotations

import math
from collections.abc import Mapping

from rich.table import Table

from seethrough.counting import counted

Summary = Mapping[str, Mapping[str, float]]
_MAIN = ("unoccluded", "occluded", "out_of_distribution")
_NOT_CLASSES = ("overall", "unoccluded_frontal", *_MAIN)
_MOST_COLUMNS = 4

ADAPTED = (
    "The networks went on learning, without labels, from these very photos, all together: from unoccluded twins of the "
    "occluded faces, and from those out of distribution, where there are any. Costs of occluders and numbers out of "
    "distribution are therefore better than adaptation to occluded photos alone would give."
)


def evaluation_table(summary: Summary, title: str, *, adapted: bool = False) -> Table:
    """Return the headline table: what was learned beside the baselines that know nothing.

    Columns are those of synthetic data, or all images and each subset that the data name.

    Args:
        summary: ``{subset: {key: value}}`` of :meth:`lightning_modules.focus.evaluation.FocusEvaluation.summary`.
        title: what was evaluated.
        adapted: to the photos themselves, which is said below the table.
    """
    subsets = shown_subsets(summary)
    table = Table(title=title, title_justify="left", title_style="bold")
    if adapted:
        table.caption, table.caption_justify = ADAPTED, "left"
    table.add_column("", no_wrap=True)
    for name in subsets:
        heading = f"{name.replace('_', ' ')}\n({counted(int(summary[name]['images']), 'image')})"
        table.add_column(heading, justify="right", no_wrap=True)

    def row(label: str, text) -> None:
        cells = [text(summary[name]) for name in subsets]
        if any(cell != "-" for cell in cells):
            table.add_row(label, *cells)

    row("visible-face mask, F1: this run", lambda s: _number(s["mask_f1"], 3))
    row("    everything is face", lambda s: _number(s["mask_f1_all_face"], 3))
    row("    threshold on residual (Eq. 10)", lambda s: _number(s["mask_f1_preliminary"], 3))
    row("    skin colour", lambda s: _number(s["mask_f1_skin"], 3))
    row("    gain over all face [95 %]", lambda s: _interval(s, "mask_f1_gain"))
    row("    precision (PPV)", lambda s: _number(s["mask_ppv"], 3))
    row("    IoU of the occluder", lambda s: _number(s["occluder_iou"], 3))
    row("    F1 of the soft mask (release)", lambda s: _number(s.get("mask_f1_soft", math.nan), 3))
    row("shape error, mm: reconstruction", lambda s: _number(s.get("shape_error_mean_mm", math.nan), 3))
    row("    with the misfit prior", lambda s: _number(s.get("shape_error_mean_misfit_prior_mm", math.nan), 3))
    row("    mean face", lambda s: _number(s.get("shape_error_mean_face_mm", math.nan), 3))
    row("    somebody else", lambda s: _number(s.get("shape_error_random_identity_mm", math.nan), 3))
    row("    skill over mean face [95 %]", lambda s: _interval(s, "skill_over_mean_face"))
    row("    an occluder adds [95 %]", lambda s: _interval(s, "twin_shape_error_mm"))
    for name, label in (("", "NoW error, mm: median, mean, deviation"), ("_misfit_prior", "    with the misfit prior")):
        row(label, lambda s, name=name: _now(s, name))
    row("    mean face, mean", lambda s: _number(s.get("now_error_mean_face_mm", math.nan), 3))
    row("    mean: an occluder adds [95 %]", lambda s: _interval(s, "twin_now_error_mean_mm"))
    row("colour RMSE in the face, /255", lambda s: _number(s["image_rmse"], 1))
    row("    an occluder adds [95 %]", lambda s: _interval(s, "twin_image_rmse"))
    row("landmark error at 224 px, px: this run", lambda s: _number(s["landmark_error_px"], 2))
    row("    mean face, straight ahead", lambda s: _number(s.get("landmark_error_resting_face_px", math.nan), 2))
    row("    mean face, posed by the landmarks", lambda s: _number(s.get("landmark_error_mean_face_px", math.nan), 2))
    return table


def shown_subsets(summary: Summary) -> list[str]:
    """Return the columns of the headline table; subsets that it has no room for go into :func:`occluder_table`."""
    main = [name for name in _MAIN if name in summary]
    if _knows_occluders(summary):
        return main or ["overall"]
    others = [name for name in summary if name not in _NOT_CLASSES]
    columns = ["overall", *main, *others]
    return columns if len(columns) <= _MOST_COLUMNS else ["overall"]


def _knows_occluders(summary: Summary) -> bool:
    """Return whether images are parted by their occluder, as in synthetic data, not by what a data set calls them."""
    return any("skill_over_mean_face" in scores for scores in summary.values())


def occluder_table(summary: Summary) -> Table | None:
    """Return one row per occluder class or further subset, or None where data know none."""
    shown = shown_subsets(summary)
    skipped = _NOT_CLASSES if _knows_occluders(summary) else ("overall",)
    classes = [name for name in summary if name not in shown and name not in skipped]
    if not classes:
        return None
    table = Table(
        title="By occluder" if _knows_occluders(summary) else "By subset", title_justify="left", title_style="bold"
    )
    table.add_column("")
    for heading in ("images", "F1", "all face", "skin colour", "PPV", "occluder IoU", "colour RMSE"):
        table.add_column(heading, justify="right")
    for name in classes:
        s = summary[name]
        table.add_row(
            name,
            str(int(s["images"])),
            _number(s["mask_f1"], 3),
            _number(s["mask_f1_all_face"], 3),
            _number(s["mask_f1_skin"], 3),
            _number(s["mask_ppv"], 3),
            _number(s["occluder_iou"], 3),
            _number(s["image_rmse"], 1),
        )
    return table


def _number(value: float, digits: int) -> str:
    return "-" if math.isnan(value) else f"{value:.{digits}f}"


def _now(scores: Mapping[str, float], name: str) -> str:
    values = [scores.get(f"now_error_{kind}{name}_mm", math.nan) for kind in ("median", "mean", "std")]
    return "-" if math.isnan(values[0]) else " ".join(_number(value, 3) for value in values)


def _interval(scores: Mapping[str, float], key: str) -> str:
    if math.isnan(scores.get(key, math.nan)):
        return "-"
    if math.isnan(scores[f"{key}_low"]):
        return f"{scores[key]:+.3f}"
    return f"{scores[key]:+.3f} [{scores[f'{key}_low']:+.3f}, {scores[f'{key}_high']:+.3f}]"
