"""Table 3 of FOCUS: the shape error without and with an occluder."""

from __future__ import annotations

from pathlib import Path

from experiments.studies.reporting.cells import SIGNS
from experiments.studies.reporting.curves import cumulative_errors, error_by_yaw
from experiments.studies.reporting.markdown import markdown_table
from experiments.studies.reporting.measured import OUT_OF_DISTRIBUTION
from experiments.studies.reporting.report import Report

ERROR, MEDIAN, CORRECTED = "shape_error_mm", "shape_error_median_mm", "shape_error_misfit_prior_mm"
MEAN_FACE, RANDOM = "mean_face_error_mm", "random_identity_error_mm"


def tables(report: Report) -> str:
    """Return the tables as Markdown."""
    families = report.anyone.families
    pairs = int(report.anyone.subset("occluded")[report.anyone.pairs[0]].sum())
    return "\n".join(
        [
            "## Error of the neutral shape after a similarity, mm",
            "",
            "Per image the median and the mean over vertices, averaged over images, and the standard deviation of the "
            "latter over images; ± is the standard deviation over seeds. MP: with the misfit prior.",
            "",
            _errors(report),
            "## What an occluder costs, mm",
            "",
            f"Occluded minus its twin without the occluder ({pairs} pairs, and those out of distribution in a column "
            f"of their own); 95 % interval over images (people resampled){SIGNS}.",
            "",
            _costs(report),
            "## The same by occluder",
            "",
            markdown_table(
                ["", *families],
                [
                    [label, *(report.cells.mean(report.method(row), f"twin:{ERROR}", family) for family in families)]
                    for row, label in report.labels.items()
                ],
            ),
            "## Skill over the mean face",
            "",
            "1 - error / error of the mean face; an error alone says little, for the mean face already looks good.",
            "",
            _skill(report),
        ]
    )


def _errors(report: Report) -> str:
    cells = report.cells
    subsets = ("unoccluded", "occluded")

    def row(label: str, name: str, mean: str, median: str | None = None) -> list[str]:
        method = report.method(name)
        line = [label]
        for subset in subsets:
            line.append(cells.value(method, median, subset) if median else "-")
            line += [cells.value(method, mean, subset), cells.spread(method, mean, subset)]
        return [*line, cells.value(method, mean, OUT_OF_DISTRIBUTION)]

    rows = []
    for name, label in report.labels.items():
        rows.append(row(label, name, ERROR, MEDIAN))
        rows.append(row(f"{label}, MP", name, CORRECTED))
    anyone = report.anyone.name
    rows += [row("mean face", anyone, MEAN_FACE), row("a random person", anyone, RANDOM)]
    heading = [f"{subset}: {what}" for subset in subsets for what in ("median", "mean", "deviation")]
    return markdown_table(["", *heading, "out of distribution: mean"], rows)


def _costs(report: Report) -> str:
    cells, focus = report.cells, report.method("focus")
    rows = []
    for name, label in report.labels.items():
        method = report.method(name)
        compared = "-" if name == "focus" else cells.difference(method, focus, f"twin:{ERROR}", "occluded")
        absolute = "-" if name == "focus" else cells.difference(method, focus, ERROR, "occluded")
        plain = "-" if name == "focus" else cells.difference(method, focus, ERROR, "unoccluded")
        cost = [cells.mean(method, f"twin:{ERROR}", subset) for subset in ("occluded", OUT_OF_DISTRIBUTION)]
        rows.append([label, *cost, compared, absolute, plain])
    heading = ["cost", "cost out of distribution", "cost minus FOCUS's", "occluded error minus FOCUS's"]
    return markdown_table(["", *heading, "unoccluded error minus FOCUS's"], rows)


def _skill(report: Report) -> str:
    subsets = ("unoccluded", "occluded", OUT_OF_DISTRIBUTION)
    rows = [
        [label, *(report.cells.skill(report.method(name), ERROR, subset) for subset in subsets)]
        for name, label in report.labels.items()
    ]
    rows.append(["a random person", *(report.cells.skill(report.anyone, RANDOM, subset) for subset in subsets)])
    return markdown_table(["", *(subset.replace("_", " ") for subset in subsets)], rows)


def pictures(report: Report) -> list[Path]:
    """Draw cumulative errors and errors against yaw."""
    return [cumulative_errors(report, ERROR), error_by_yaw(report, ERROR)]
