"""What more steps of the segmentation network, and losses that tell more of a hand, do to the masks."""

from __future__ import annotations

from pathlib import Path

from experiments.studies.planning.stages import segmentation_steps
from experiments.studies.reporting.cells import SIGNS
from experiments.studies.reporting.galleries import mask_gallery
from experiments.studies.reporting.markdown import markdown_table
from experiments.studies.reporting.mask_tables import SCORES, subsets_of
from experiments.studies.reporting.measured import MAIN_SUBSETS, Method, gather
from experiments.studies.reporting.report import Report

BASELINES = {"all_face": "everything is face", "skin": "skin colour (Gaussians)"}
F1 = "mask_own_f1"
WATCHED = ("hand", "cloth", "occluded", "unoccluded")
ENCODER = {"image_rmse": ("RMSE, /255", 2), "shape_error_mm": ("shape error, mm", 3)}


def tables(report: Report) -> str:
    """Return the tables as Markdown."""
    subsets = subsets_of(report.anyone)
    names = [subset.replace("_", " ") for subset in subsets]
    focus = report.method(report.study.rows[0])
    scores = [
        [label, *(report.cells.value(focus, f"{mask}_own_f1", subset) for subset in subsets)]
        for mask, label in BASELINES.items()
    ]
    scores += [
        [label, *(report.cells.value(report.method(row), F1, subset) for subset in subsets)]
        for row, label in report.labels.items()
    ]
    return "\n".join(
        [
            "## F1 inside the rendered face",
            "",
            "Baselines on the renders of FOCUS. Mean over images ± standard deviation over seeds.",
            "",
            markdown_table(["", *names], scores),
            "## What each mask gains in F1",
            "",
            f"Differences on the same images, 95 % interval over images (people resampled){SIGNS}.",
            "",
            markdown_table(["", *names], _gains(report, subsets)),
            "## What a mask keeps and gives up",
            "",
            "Inside the rendered face; the IoU is that of the occluder, so it is missing where there is none.",
            "",
            _all_scores(report),
            "## What the encoder learns under it",
            "",
            _encoder(report),
            "## After each turn of the segmentation network",
            "",
            "Steps are those of that network in the EM stage; before a turn the encoder has had as many in all rows.",
            "",
            _turns(report),
        ]
    )


def pictures(report: Report) -> list[Path]:
    """Draw targets and the masks of every row for the same faces."""
    return mask_gallery(report)


def _gains(report: Report, subsets: list[str]) -> list[list[str]]:
    rows, focus = [], report.study.rows[0]
    for mask, name in BASELINES.items():
        for row, label in report.labels.items():
            own = report.method(row)
            cells = [report.cells.difference(own, own, F1, s, second_column=f"{mask}_own_f1") for s in subsets]
            rows.append([f"{label}, over {name}", *cells])
    for row, label in report.labels.items():
        if row != focus:
            compared = [report.cells.difference(report.method(row), report.method(focus), F1, s) for s in subsets]
            rows.append([f"{label}, over {report.labels[focus]}", *compared])
    return rows


def _all_scores(report: Report) -> str:
    rows = [
        [
            f"{subset}: {label}",
            *(report.cells.value(report.method(row), f"mask_own_{score}", subset) for score in SCORES),
        ]
        for subset in WATCHED
        for row, label in report.labels.items()
    ]
    return markdown_table(["", *SCORES.values()], rows)


def _encoder(report: Report) -> str:
    heading = [f"{name}: {subset.replace('_', ' ')}" for name, _ in ENCODER.values() for subset in MAIN_SUBSETS]
    rows = [
        [
            label,
            *(
                report.cells.value(report.method(row), column, subset, digits)
                for column, (_, digits) in ENCODER.items()
                for subset in MAIN_SUBSETS
            ),
        ]
        for row, label in report.labels.items()
    ]
    return markdown_table(["", *heading], rows)


def _turns(report: Report) -> str:
    rows = []
    for row, label in report.labels.items():
        for steps, method in turns(report, row):
            cells = [report.cells.value(method, F1, subset) for subset in WATCHED]
            rows.append([f"{label}: {steps} steps", *cells])
    return markdown_table(["F1", *WATCHED], rows)


def turns(report: Report, row: str) -> list[tuple[int, Method]]:
    """Return what a row scored after each turn, by the segmentation steps until then; none if it kept no rounds."""
    jobs = report.jobs.get(row) or {}
    if not jobs:
        return []
    first, found = jobs[min(jobs)], []
    for number, step in enumerate(first.rounds):
        files = [(seed, job.round_file(step)) for seed, job in jobs.items()]
        method = gather(f"{row}, turn {number}", f"turn {number}", files)
        if method is not None:
            found.append((segmentation_steps(first.composition.config.model, step), method))
    return found
