"""Sheets of the same faces under several methods: one column a face, one row a method."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont
from torch import Tensor

from experiments.studies.planning.job import Job
from experiments.studies.planning.sweep import SweepPoint
from experiments.studies.reporting.faces import batch_of, shown_faces, views
from experiments.studies.reporting.report import Report
from experiments.studies.reporting.small_pictures import save_small

GAP, LABEL_WIDTH, FONT_SIZE = 2, 150, 12


def sheet(rows: Sequence[tuple[str, Tensor]]) -> Image.Image:
    """Return rows of pictures with their labels on the left.

    Args:
        rows: label, and (F, 3 or 1, H, W) pictures in [0, 1]; the same F, H and W in every row.
    """
    count, _, height, width = rows[0][1].shape
    image = Image.new("RGB", (LABEL_WIDTH + count * (width + GAP), len(rows) * (height + GAP)), "white")
    draw, font = ImageDraw.Draw(image), ImageFont.load_default(size=FONT_SIZE)
    for row, (label, pictures) in enumerate(rows):
        top = row * (height + GAP)
        draw.multiline_text((2, top + height // 3), _wrapped(label), fill="black", font=font)
        values = pictures.expand(-1, 3, -1, -1).permute(0, 2, 3, 1).clamp(0, 1).mul(255).round().byte().numpy()
        for column in range(count):
            tile = Image.fromarray(np.ascontiguousarray(values[column]))
            image.paste(tile, (LABEL_WIDTH + column * (width + GAP), top))
    return image


def _wrapped(label: str, width: int = 24) -> str:
    lines = [""]
    for word in label.split():
        if lines[-1] and len(lines[-1]) + 1 + len(word) > width:
            lines.append(word)
        else:
            lines[-1] = f"{lines[-1]} {word}".strip()
    return "\n".join(lines)


def reconstruction_gallery(report: Report) -> list[Path]:
    """Draw targets with every row's renders, and true masks with every row's masks; returns the two files."""
    renders, masks = _of_jobs(report, _jobs(report))
    return [
        save_small(sheet(renders), report.out / "renders.png"),
        save_small(sheet(masks), report.out / "masks.png"),
    ]


def mask_gallery(report: Report) -> list[Path]:
    """Draw targets, true masks, the masks that need no network on the renders of FOCUS, and those of every row."""
    batch = batch_of(_jobs(report)[0][1], shown_faces(report.anyone))
    rows = [("target", batch["image"]), ("true mask", batch["mask"])]
    focus = report.first_job("focus")
    if focus is not None:
        seen = views(focus.folder.path, batch)
        rows += [("skin colour", seen.skin), ("threshold (Eq. 10)", seen.threshold)]
    rows += [(label, views(job.folder.path, batch).mask) for label, job in _jobs(report)]
    return [save_small(sheet(rows), report.out / "masks.png")]


def sweep_gallery(report: Report, settings: Sequence[Sequence[SweepPoint]]) -> list[Path]:
    """Draw for each swept setting the masks of the same faces, one row a value."""
    files = []
    for points in settings:
        jobs = [(f"{point.name} {point.value:g}", job) for point in points if (job := report.first_job(point.row))]
        renders, masks = _of_jobs(report, jobs)
        files.append(save_small(sheet([renders[0], *masks]), report.out / f"masks_{points[0].name}.png"))
    return files


def rounds_gallery(report: Report, job: Job) -> list[Path]:
    """Draw renders and masks after each EM round of one run."""
    batch = batch_of(job, shown_faces(report.anyone))
    rows: list[tuple[str, Tensor]] = [("target", batch["image"])]
    for number, step in enumerate(job.rounds):
        seen = views(job.checkpoint(step), batch)
        rows += [(f"round {number}: render", seen.render), (f"round {number}: mask", seen.mask)]
    rows.append(("true mask", batch["mask"]))
    return [save_small(sheet(rows), report.out / "rounds.png")]


def _jobs(report: Report) -> list[tuple[str, Job]]:
    """Return label and first run of each row that has one."""
    return [(label, job) for row, label in report.labels.items() if (job := report.first_job(row)) is not None]


def _of_jobs(
    report: Report, jobs: Sequence[tuple[str, Job]]
) -> tuple[list[tuple[str, Tensor]], list[tuple[str, Tensor]]]:
    """Return the rows of renders, targets first, and those of masks, the true ones first."""
    batch = batch_of(jobs[0][1], shown_faces(report.anyone))
    renders: list[tuple[str, Tensor]] = [("target", batch["image"])]
    masks: list[tuple[str, Tensor]] = [("true mask", batch["mask"])]
    for label, job in jobs:
        seen = views(job.folder.path, batch)
        renders.append((label, seen.render))
        masks.append((label, seen.mask))
    return renders, masks
