"""Sec. 3.4 of FOCUS: what the misfit prior changes, and what it looks like (Fig. 4)."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from experiments.studies.reporting.cells import SIGNS
from experiments.studies.reporting.markdown import markdown_table
from experiments.studies.reporting.measured import MAIN_SUBSETS, Method, gather
from experiments.studies.reporting.misfit_maps import misfit_maps
from experiments.studies.reporting.report import Report
from seethrough.metrics import paired_comparison

PLAIN = "unoccluded, no detail beyond the model"
BEFORE, AFTER = "shape_error_mm", "shape_error_misfit_prior_mm"


def tables(report: Report) -> str:
    """Return the tables as Markdown."""
    rows = []
    for row, label in report.labels.items():
        method = report.method(row)
        rows.append([f"{label}; {PLAIN}", *_test(report, plain_faces(report, row), "unoccluded")])
        for subset in MAIN_SUBSETS:
            rows.append([f"{label}; {subset.replace('_', ' ')}", *_test(report, method, subset)])
    heading = ["before", "after", "before minus after", "paired t, p", "the same over people, p", "Wilcoxon, p"]
    return "\n".join(
        [
            "## Error of the neutral shape after a similarity, mm, without and with the misfit prior",
            "",
            "± is the standard deviation over seeds; brackets, p-values and shares are over images, of the mean over "
            f"seeds{SIGNS}.",
            "",
            "The prior is measured on faces that the fitted model draws from itself; the test faces come from more "
            "modes, with detail that it does not have, and those out of distribution from other light, occluders and "
            "backgrounds as well.",
            "",
            markdown_table(["", *heading, "images that improve"], rows),
        ]
    )


def plain_faces(report: Report, row: str) -> Method | None:
    """Return what a row scored on faces without detail beyond the face model, or None."""
    files = [(seed, job.plain_rows_file) for seed, job in (report.jobs.get(row) or {}).items()]
    return gather(f"{row}-plain-faces", PLAIN, files)


def _test(report: Report, method: Method | None, subset: str) -> list[str]:
    if method is None:
        return ["-"] * 7
    cells, chosen = report.cells, method.subset(subset)

    def values(column: str) -> np.ndarray:
        return method.values(column)[:, chosen]

    test = paired_comparison(method.mean(BEFORE)[chosen], method.mean(AFTER)[chosen], method.people[chosen])
    before, after = cells.value(method, BEFORE, subset), cells.value(method, AFTER, subset)
    gains = [np.nanmean(row) if np.isfinite(row).any() else np.nan for row in (values(BEFORE) - values(AFTER))]
    gain = cells.interval(method.name, f"{BEFORE} minus {AFTER}", subset, test.difference, seeds=np.array(gains))
    if not test.difference.count:
        return [before, after, *["-"] * 5]
    improved = f"{100 * (1 - test.first_lower):.0f} %"
    return [before, after, gain, *(_probability(p) for p in (test.t_p, test.people_t_p, test.wilcoxon_p)), improved]


def _probability(p: float) -> str:
    return "-" if p != p else f"{p:.2g}"


def pictures(report: Report) -> list[Path]:
    """Draw the prior along x, y and z from two views."""
    jobs = {row: job for row in report.labels if (job := report.first_job(row)) and job.misfit_prior_file.is_file()}
    return misfit_maps(jobs, report.labels, report.out) if jobs else []
