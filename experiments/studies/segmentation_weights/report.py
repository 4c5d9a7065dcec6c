"""Fig. 4 of FOCUS's supplement: what each of the five weights does to the mask."""

from __future__ import annotations

from pathlib import Path

from experiments.studies.planning.specification import read_catalogue
from experiments.studies.planning.sweep import SweepPoint, sweep_points
from experiments.studies.reporting.galleries import sweep_gallery
from experiments.studies.reporting.markdown import markdown_table
from experiments.studies.reporting.mask_tables import SCORES
from experiments.studies.reporting.report import Report
from experiments.studies.reporting.sweep_curves import sweep_curves

SUBSETS = ("occluded", "unoccluded")
INDICES = ("acc", "ppv", "tpr", "f1")


def tables(report: Report) -> str:
    """Return the tables as Markdown."""
    parts = ["Mean over images; the standard value is bold, and every other weight stays at its own.", ""]
    heading = [f"{subset}: {SCORES[score]}" for subset in SUBSETS for score in INDICES]
    for points in settings(report):
        rows = []
        for point in points:
            method = report.method(point.row)
            cells = [report.cells.value(method, f"mask_own_{score}", s) for s in SUBSETS for score in INDICES]
            rows.append([f"**{point.value:g}**" if point.standard else f"{point.value:g}", *cells])
        parts += [f"## {points[0].title}", "", markdown_table(["", *heading], rows)]
    return "\n".join(parts)


def settings(report: Report) -> list[list[SweepPoint]]:
    """Return the values of each swept setting."""
    points = sweep_points(report.study, read_catalogue(), report.quick)
    return [[point for point in points if point.name == name] for name in dict.fromkeys(p.name for p in points)]


def pictures(report: Report) -> list[Path]:
    """Draw the indices against each weight, and the masks of the same faces below each other."""
    measured = [[point for point in points if report.method(point.row)] for points in settings(report)]
    measured = [points for points in measured if len(points) > 1]
    return [sweep_curves(report, measured, INDICES), *sweep_gallery(report, measured)] if measured else []
