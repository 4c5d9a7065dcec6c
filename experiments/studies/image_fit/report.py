"""Table 1 of FOCUS: the colour error in the visible face."""

from __future__ import annotations

from pathlib import Path

from experiments.studies.reporting.cells import SIGNS
from experiments.studies.reporting.galleries import reconstruction_gallery
from experiments.studies.reporting.markdown import markdown_table
from experiments.studies.reporting.measured import MAIN_SUBSETS
from experiments.studies.reporting.report import Report

RMSE, SHARED, AREA = "image_rmse", "twin:image_rmse_shared_region", "rendered_area_ratio"


def tables(report: Report) -> str:
    """Return the tables as Markdown."""
    cells, focus = report.cells, report.method("focus")
    errors, against = [], []
    for row, label in report.labels.items():
        method = report.method(row)
        areas = [cells.value(method, AREA, subset) for subset in ("unoccluded", "occluded")]
        errors.append([label, *(cells.value(method, RMSE, subset, 2) for subset in MAIN_SUBSETS), *areas])
        if row != "focus":
            compared = [cells.difference(method, focus, RMSE, subset, 2) for subset in MAIN_SUBSETS]
            against.append([label, *compared])
    families = report.anyone.families
    costs = [
        [label, *(cells.mean(report.method(row), SHARED, subset, 2) for subset in ("occluded", *families))]
        for row, label in report.labels.items()
    ]
    heading = [subset.replace("_", " ") for subset in MAIN_SUBSETS]
    return "\n".join(
        [
            "## RMSE between picture and reconstruction in the visible face, /255",
            "",
            "Mean over images ± standard deviation over seeds. Colours are compared where a method renders the face: "
            "beside them the area of its render over that of the true face, as a small render must not win.",
            "",
            markdown_table(["", *heading, "rendered area: unoccluded", "occluded"], errors),
            "## The same, minus FOCUS",
            "",
            f"Mean over images of the seeds' mean, 95 % interval over images (people resampled){SIGNS}.",
            "",
            markdown_table(["", *heading], against),
            "## What an occluder costs",
            "",
            "Occluded minus its twin without the occluder, RMSE on the pixels that show the face in both.",
            "",
            markdown_table(["", "all", *families], costs),
        ]
    )


def pictures(report: Report) -> list[Path]:
    """Draw targets, renders and masks of every row for the same faces."""
    return reconstruction_gallery(report)
