"""The table that an evaluation of bump maps prints."""

from __future__ import annotations

import math
from collections.abc import Mapping

from rich.table import Table

from seethrough.counting import counted

_MOST_COLUMNS = 4
_NAMES = {"bump": "this run", "zero": "no bump", "luminance": "bilateral luminance"}
_ERRORS = {
    "rmse_mm": ("RMSE, mm", 3),
    "l1_mm": ("L1, mm", 3),
    "gradient_error": ("gradient error, mm/mm", 4),
    "normal_angle_deg": ("angle of normals, degrees", 2),
}
_GAINS = ("rmse_mm", "normal_angle_deg")
_FOOTNOTE = (
    "Inside the face, means over images. The luminance after a bilateral filter, less that of its surroundings, is "
    "scaled by least squares on the run's own training data."
)


def evaluation_table(summary: Mapping[str, Mapping[str, float]], title: str) -> Table:
    """Return what was learned beside the baselines that know less; one column for all images and each subset.

    Args:
        summary: ``{subset: {key: value}}`` of :func:`lightning_modules.bump.evaluation_summary.summarise_subsets`.
        title: what was evaluated.
    """
    table = Table(title=title, title_justify="left", title_style="bold", caption=_FOOTNOTE, caption_justify="left")
    table.add_column("", no_wrap=True)
    subsets = list(summary) if len(summary) <= _MOST_COLUMNS else ["overall"]
    for name in subsets:
        heading = f"{name.replace('_', ' ')}\n({counted(int(summary[name]['images']), 'image')})"
        table.add_column(heading, justify="right", no_wrap=True)

    def row(label: str, key: str, digits: int, interval: bool = False) -> None:
        cells = [_cell(summary[name], key, digits, interval) for name in subsets]
        if any(cell != "-" for cell in cells):
            table.add_row(label, *cells)

    for error, (label, digits) in _ERRORS.items():
        for predictor, told in _NAMES.items():
            row(f"{label}: {told}" if predictor == "bump" else f"    {told}", f"{predictor}_{error}", digits)
        if error in _GAINS:
            for baseline in ("zero", "luminance"):
                row(f"    gain over {_NAMES[baseline]} [95 %]", f"bump_{error}_gain_over_{baseline}", 3, interval=True)
    row("correlation of slopes: this run", "bump_detail_correlation", 3)
    row("    bilateral luminance", "luminance_detail_correlation", 3)
    row("noise on calm skin, mm: this run", "bump_noise_mm", 4)
    row("    true", "true_noise_mm", 4)
    row("grid of two pixels, mm: this run", "bump_checkerboard_mm", 4)
    row("    true", "true_checkerboard_mm", 4)
    row("mask of the face, IoU", "mask_iou", 3)
    return table


def _cell(scores: Mapping[str, float], key: str, digits: int, interval: bool) -> str:
    value = scores.get(key, math.nan)
    if math.isnan(value):
        return "-"
    if interval:
        low, high = scores[f"{key}_low"], scores[f"{key}_high"]
        return f"{value:+.{digits}f} [{low:+.{digits}f}, {high:+.{digits}f}]"
    return f"{value:.{digits}f}"
