"""Table 5 of FOCUS: what each part is worth."""

from __future__ import annotations

from pathlib import Path

from experiments.studies.reporting.cells import SIGNS
from experiments.studies.reporting.galleries import reconstruction_gallery
from experiments.studies.reporting.markdown import markdown_table
from experiments.studies.reporting.mask_tables import SCORES, subsets_of
from experiments.studies.reporting.report import Report

# The classes of the paper's AR test set, our decisive one beside them, and all together.
SHOWN = ("unoccluded", "glasses", "cloth", "hand", "occluded", "out_of_distribution")
ERROR, MEDIAN, CORRECTED = "shape_error_mm", "shape_error_median_mm", "shape_error_misfit_prior_mm"


def tables(report: Report) -> str:
    """Return the tables as Markdown."""
    there = subsets_of(report.anyone)
    shown = [subset for subset in SHOWN if subset in there]
    names = [subset.replace("_", " ") for subset in shown]
    cells = report.cells
    scores, against, shapes = [], [], []
    for row, label in report.labels.items():
        method = report.method(row)
        for score in ("acc", "ppv", "tpr", "f1"):
            values = [cells.value(method, f"mask_own_{score}", subset) for subset in shown]
            scores.append([f"{label}: {SCORES[score]}", *values])
        if row != "focus":
            focus = report.method("focus")
            for region in ("own", "fixed"):
                compared = [cells.difference(method, focus, f"mask_{region}_f1", subset) for subset in shown]
                against.append([f"{label}, {region} region", *compared])
        shapes.append([label, *_shape(report, row, ERROR, MEDIAN)])
        shapes.append([f"{label}, MP", *_shape(report, row, CORRECTED, None)])
    return "\n".join(
        [
            "## Masks inside the rendered face",
            "",
            "Mean over images ± standard deviation over seeds.",
            "",
            markdown_table(["", *names], scores),
            "## F1 minus FOCUS's",
            "",
            f"On the same images, 95 % interval over images (people resampled){SIGNS}.",
            "",
            markdown_table(["", *names], against),
            "## Error of the neutral shape after a similarity, mm",
            "",
            "MP: with the misfit prior.",
            "",
            markdown_table(
                ["", *(f"{s}: {w}" for s in ("unoccluded", "occluded") for w in ("median", "mean", "deviation"))],
                shapes,
            ),
        ]
    )


def _shape(report: Report, row: str, mean: str, median: str | None) -> list[str]:
    cells, method, line = report.cells, report.method(row), []
    for subset in ("unoccluded", "occluded"):
        line.append(cells.value(method, median, subset) if median else "-")
        line += [cells.value(method, mean, subset), cells.spread(method, mean, subset)]
    return line


def pictures(report: Report) -> list[Path]:
    """Draw targets, renders and masks of every row for the same faces."""
    return reconstruction_gallery(report)
