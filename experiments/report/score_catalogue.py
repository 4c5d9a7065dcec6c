"""The scores that tables show: what they are called, in which unit, and which way is better."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Score:
    """One column of a table.

    Attributes:
        key: among the numbers of an evaluation's JSON.
        column: among the columns of its rows.
        label: in headings.
        unit: of the values; empty for shares and counts.
        digits: behind the point.
        better: ``higher``, ``lower``, or ``none`` where neither is.
        relative_to: column of the baseline's error, for scores that are ``1 - error / error of the baseline``.
        baselines: label and column of what knows less, on the same images.
    """

    key: str
    column: str
    label: str
    unit: str = ""
    digits: int = 3
    better: Literal["higher", "lower", "none"] = "lower"
    relative_to: str = ""
    baselines: tuple[tuple[str, str], ...] = ()


def _of_masks(name: str) -> tuple[tuple[str, str], ...]:
    return (("everything is face", f"all_face_own_{name}"), ("skin colour", f"skin_own_{name}"))


_FACES = (("mean face", "mean_face_error_mm"), ("somebody else", "random_identity_error_mm"))
_FOCUS = (
    Score("mask_f1", "mask_own_f1", "mask F1", better="higher", baselines=_of_masks("f1")),
    Score("shape_error_mean_mm", "shape_error_mm", "shape error", "mm", baselines=_FACES),
    Score(
        "skill_over_mean_face", "shape_error_mm", "skill over the mean face",
        better="higher", relative_to="mean_face_error_mm",
    ),
    Score("image_rmse", "image_rmse", "colour RMSE", "/255", 1),
    Score("landmark_error_px", "landmark_error_px", "landmark error", "px at 224", 2),
    Score("mask_ppv", "mask_own_ppv", "mask precision", better="higher", baselines=_of_masks("ppv")),
    Score("mask_tpr", "mask_own_tpr", "mask recall", better="higher", baselines=_of_masks("tpr")),
    Score("occluder_iou", "mask_own_occluder_iou", "IoU of the occluder", better="higher"),
    Score("twin_shape_error_mm", "twin:shape_error_mm", "an occluder adds", "mm"),
    Score("now_error_mean_mm", "now_error_mean_mm", "NoW error", "mm"),
)  # fmt: skip


def _of_bumps(error: str) -> tuple[tuple[str, str], ...]:
    return (("no bump", f"zero_{error}"), ("luminance", f"luminance_{error}"))


_BUMP = (
    Score("bump_rmse_mm", "bump_rmse_mm", "bump RMSE", "mm", baselines=_of_bumps("rmse_mm")),
    Score("bump_l1_mm", "bump_l1_mm", "bump L1", "mm", baselines=_of_bumps("l1_mm")),
    Score(
        "bump_gradient_error", "bump_gradient_error", "gradient error", "mm/mm", 4,
        baselines=_of_bumps("gradient_error"),
    ),
    Score(
        "bump_normal_angle_deg", "bump_normal_angle_deg", "angle of normals", "degrees", 2,
        baselines=_of_bumps("normal_angle_deg"),
    ),
    Score(
        "bump_rmse_mm_gain_over_zero", "bump_rmse_mm", "gain over no bump", better="higher", relative_to="zero_rmse_mm"
    ),
    Score(
        "bump_detail_correlation", "bump_detail_correlation", "correlation of slopes", better="higher",
        baselines=(("luminance", "luminance_detail_correlation"),),
    ),
)  # fmt: skip
CATALOGUE = (*_FOCUS, *_BUMP)
_UNITS = {"mm": "mm", "px": "px", "deg": "degrees", "rad": "rad", "s": "s"}
_NO_SCORES = ("images", "people", "pixels")
_MOST_UNKNOWN = 12


def scores_in_summary(keys: Iterable[str]) -> list[Score]:
    """Return the scores that an evaluation's JSON holds; of an unknown method its first keys as they are called."""
    keys = list(keys)
    known = [score for score in CATALOGUE if score.key in keys]
    if known:
        return known
    plain = [key for key in keys if key not in _NO_SCORES and not key.endswith(("_low", "_high", "_std"))]
    return [unknown_score(key) for key in plain[:_MOST_UNKNOWN]]


def scores_in_rows(columns: Iterable[str], *, known_only: bool = False) -> list[Score]:
    """Return the scores that rows of single images hold; of an unknown method the first columns of numbers."""
    columns = list(columns)
    here = {*columns, *(f"twin:{name}" for name in columns if "twin" in columns)}
    known = [score for score in CATALOGUE if score.column in here and (score.relative_to or score.column) in here]
    return known if known or known_only else [unknown_score(name) for name in columns[:_MOST_UNKNOWN]]


def unknown_score(key: str) -> Score:
    """Return a score of which nothing is known but its name, whose last part may be its unit."""
    name, _, last = key.rpartition("_")
    return Score(key, key, (name if last in _UNITS else key).replace("_", " "), _UNITS.get(last, ""), 4, "none")
