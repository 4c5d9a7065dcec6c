"""Fig. 11 of FOCUS's supplement: masks and renders after each EM round."""

from __future__ import annotations

from pathlib import Path

from experiments.studies.reporting.galleries import rounds_gallery
from experiments.studies.reporting.markdown import markdown_table
from experiments.studies.reporting.measured import Method, gather
from experiments.studies.reporting.report import Report

COLUMNS = {
    "mask_own_f1": ("F1", 3),
    "mask_own_ppv": ("PPV", 3),
    "mask_own_tpr": ("TPR", 3),
    "image_rmse": ("RMSE, /255", 2),
    "shape_error_mm": ("shape error, mm", 3),
    "preliminary_own_f1": ("F1 of the threshold (Eq. 10)", 3),
}


def tables(report: Report) -> str:
    """Return the tables as Markdown."""
    parts = [
        "A round ends with a turn of the segmentation network, so that the mask belongs to the render; round 0 is the "
        "end of its pre-training. Mean over images ± standard deviation over seeds.",
        "",
    ]
    for subset in ("occluded", "unoccluded"):
        rows = []
        for label, method in rounds(report):
            cells = [report.cells.value(method, column, subset, digits) for column, (_, digits) in COLUMNS.items()]
            rows.append([label, *cells])
        parts += [f"## {subset.capitalize()}", "", markdown_table(["round", *(n for n, _ in COLUMNS.values())], rows)]
    return "\n".join(parts)


def rounds(report: Report) -> list[tuple[str, Method]]:
    """Return what was scored after each round, by its label."""
    jobs = report.jobs[report.study.rows[0]]
    first = jobs[min(jobs)]
    found = []
    for number, step in enumerate(first.rounds):
        label = f"{number}, step {step}"
        method = gather(f"round-{number}", label, [(seed, job.round_file(step)) for seed, job in jobs.items()])
        if method is not None:
            found.append((label, method))
    return found


def pictures(report: Report) -> list[Path]:
    """Draw masks and renders of the same faces after each round of the first seed."""
    job = report.first_job(report.study.rows[0])
    return [] if job is None else rounds_gallery(report, job)
