"""FOCUS' tables of pictures: colours (Table 1) and masks (Tables 4 and 5, Table 1 of the supplement)."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from experiments.protocols import published
from experiments.protocols.measuring import MeasuredRun, get_ready, measured_with_masks
from experiments.protocols.published import Mask
from experiments.protocols.settings import Settings
from experiments.protocols.sheets import NOTHING, PAPER, Result, Sheet, interval, number, spread

AR_SUBSETS = ("neutral", "glasses", "scarf")
CELEBA_SUBSETS = ("unoccluded", "occluded", "overall")
CELEBA_NOTE = (
    "CelebA-HQ, occluded and unoccluded: the paper drew 750 and 558 test photos and never published which. Ours are "
    "drawn anew by a published rule, so these columns are of other photos; `overall` is the whole test split in both."
)
AR_NOTE = (
    "AR: the paper's 120 masks are those of Egger et al. (IJCV 2018). The columns are of the same photos only if yours "
    "are these."
)
CROP_NOTE = "Landmarks and crops come from another detector than the paper's: no figure can agree to the last digit."
_SCORES = ("acc", "ppv", "tpr", "f1")


def colours(settings: Settings) -> Result:
    """Repeat Table 1: RMSE between photo and reconstruction where the face is truly visible."""
    get_ready(settings)
    result = Result(published=published.FOCUS_TABLE_1)
    columns = {"celeba_hq": CELEBA_SUBSETS, "ar": ("overall",)}
    heading, cells, figures = [], {run.label: [] for run in settings.runs}, {}
    for data_set in settings.overrides:
        for each in measured_with_masks(settings, data_set, result):
            for subset in columns[data_set]:
                scores = each.summary.get(subset, {})
                shown = spread(scores.get("image_rmse"), scores.get("image_rmse_std"))
                images = int(scores.get("images", 0))
                cells[each.run.label].append(f"{shown} ({images})" if images else NOTHING)
        heading += [f"{'AR' if data_set == 'ar' else 'CelebA'} {subset}" for subset in columns[data_set]]
        for row, values in published.FOCUS_TABLE_1.items():
            keys = columns[data_set] if data_set == "celeba_hq" else ("ar",)
            figures.setdefault(row, []).extend(spread(*values[key]) for key in keys)
    sheet = Sheet(
        "RMSE in the visible face, /255: mean ± deviation over images (images)",
        ["", *heading, *(PAPER + name for name in heading)],
    )
    for run in settings.runs:
        printed = figures.get(run.row or "") or _dashes(heading)
        sheet.rows.append([_name(run.label, run.row), *cells[run.label], *printed])
    done = {run.row for run in settings.runs}
    sheet.rows += [[row, *_dashes(heading), *values] for row, values in figures.items() if row not in done]
    result.sheets.append(sheet)
    notes = {"celeba_hq": CELEBA_NOTE, "ar": AR_NOTE}
    result.notes += [notes[name] for name in settings.overrides]
    result.notes += [
        CROP_NOTE,
        "Pixels count that are truly visible face and rendered; images with fewer than 25 of them are left out. The "
        "paper does not say over what its deviations were taken.",
    ]
    return result


def ar_masks(settings: Settings) -> Result:
    """Repeat Table 4: masks on AR."""
    return _masks(settings, "ar", AR_SUBSETS, published.FOCUS_TABLE_4, AR_NOTE)


def celeba_masks(settings: Settings) -> Result:
    """Repeat Table 1 of the supplement: masks on CelebA-HQ."""
    return _masks(settings, "celeba_hq", CELEBA_SUBSETS, published.FOCUS_SUPPLEMENT_1, CELEBA_NOTE)


def ablation(settings: Settings) -> Result:
    """Repeat Table 5: masks on AR, and the NoW error on validation people where their photos and scans are given."""
    get_ready(settings)
    result = Result(published=published.FOCUS_TABLE_5)
    if "ar" in settings.overrides:
        result = _masks(settings, "ar", AR_SUBSETS, published.FOCUS_TABLE_5, AR_NOTE)
    if "now" in settings.overrides:
        from experiments.protocols.now_tables import challenge

        shapes = challenge(settings)
        result.sheets += shapes.sheets
        result.notes += shapes.notes
        result.published = {"masks": result.published, "now": published.FOCUS_TABLE_5_NOW}
        for label, numbers in shapes.numbers.items():
            result.numbers.setdefault(label, {}).update(numbers)
    return result


def _masks(
    settings: Settings, data_set: str, subsets: Sequence[str], figures: Mapping[str, Mapping[str, Mask]], note: str
) -> Result:
    result = Result(published=figures)
    measured = measured_with_masks(settings, data_set, result)
    forms = [("", "masks rounded at 0.5")]
    if settings.soft_masks:
        forms.append(("_soft", "soft masks, areas of at least 1 px, as in the released code"))
    for suffix, form in forms:
        for subset in subsets:
            result.sheets.append(_mask_sheet(measured, subset, figures, suffix, form))
    result.notes += [
        note,
        CROP_NOTE,
        "Pixels of the run's own rendered face count, so the region is another one for every run. `everything is face` "
        "is scored in the same region: on unoccluded photos nothing can beat it by much.",
    ]
    return result


def _mask_sheet(
    measured: Sequence[MeasuredRun], subset: str, figures: Mapping[str, Mapping[str, Mask]], suffix: str, form: str
) -> Sheet:
    heading = ["ACC", "PPV", "TPR", "F1"]
    sheet = Sheet(
        f"{subset.capitalize()}, {form}",
        ["", "images", *heading, "F1 over all face [95 %]", *(PAPER + name for name in heading)],
    )
    for each in measured:
        scores = each.summary.get(subset)
        printed = _printed(figures.get(each.run.row or "", {}).get(subset))
        name = _name(each.run.label, each.run.row)
        if scores is None:
            sheet.rows.append([name, "0", *_dashes(heading), NOTHING, *printed])
            continue
        own = [number(scores[f"mask_{score}{suffix}"]) for score in _SCORES[:3]]
        own.append(spread(scores[f"mask_f1{suffix}"], scores[f"mask_f1_std{suffix}"]))
        low, high = scores["mask_f1_gain_low"], scores["mask_f1_gain_high"]
        gain = NOTHING if suffix else interval(scores["mask_f1_gain"], low, high)
        sheet.rows.append([name, str(int(scores["images"])), *own, gain, *printed])
        everything = [number(scores[f"mask_{score}_all_face{suffix}"]) for score in _SCORES]
        sheet.rows.append(["    everything is face", "", *everything, "", *_dashes(heading)])
    done = {each.run.row for each in measured}
    for row, values in figures.items():
        if row not in done:
            sheet.rows.append([row, "", *_dashes(heading), NOTHING, *_printed(values[subset])])
    return sheet


def _printed(mask: Mask | None) -> list[str]:
    if mask is None:
        return [NOTHING] * 4
    return [number(mask.acc), number(mask.ppv), number(mask.tpr), spread(mask.f1, mask.f1_std or math.nan)]


def _name(label: str, row: str | None) -> str:
    return f"{label} (as {row})" if row else label


def _dashes(heading: Sequence[str]) -> list[str]:
    return [NOTHING] * len(heading)
