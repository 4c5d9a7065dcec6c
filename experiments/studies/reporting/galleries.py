"""Sheets of the same faces under several methods: one column a face, one row a method."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont
from torch import Tensor

from experiments.studies.planning.job import Job
from experiments.studies.planning.sweep import SweepPoint
from experiments.studies.reporting.faces import ShownFace, batch_of, shown_faces, views
from experiments.studies.reporting.report import Report
from experiments.studies.reporting.small_pictures import save_small

GAP, LABEL_WIDTH, FONT_SIZE, TITLE_SIZE = 2, 160, 12, 14
_TITLE_HEIGHT, _LINE_HEIGHT = 22, 14
MASK_COLOURS = "white: face, black: not"


def sheet(title: str, faces: Sequence[str], rows: Sequence[tuple[str, Tensor]]) -> Image.Image:
    """Return rows of pictures with a title, what each column shows above it, and the rows' labels on the left.

    Args:
        title: one line.
        faces: the F columns' names.
        rows: label, and (F, 3 or 1, H, W) pictures in [0, 1]; the same F, H and W in every row.
    """
    count, _, height, width = rows[0][1].shape
    font, large = ImageFont.load_default(size=FONT_SIZE), ImageFont.load_default(size=TITLE_SIZE)
    names = [wrapped(name, width - GAP, font) for name in faces]
    head = _TITLE_HEIGHT + max(name.count("\n") + 1 for name in names) * _LINE_HEIGHT + 2 * GAP
    wide = max(LABEL_WIDTH + count * (width + GAP), round(large.getlength(title)) + 4 * GAP)
    image = Image.new("RGB", (wide, head + len(rows) * (height + GAP)), "white")
    draw = ImageDraw.Draw(image)
    draw.text((2, 2), title, fill="black", font=large)
    for column, name in enumerate(names):
        centre = LABEL_WIDTH + column * (width + GAP) + width / 2
        draw.multiline_text((centre, head - GAP), name, fill="black", font=font, anchor="md", align="center", spacing=1)
    for row, (label, pictures) in enumerate(rows):
        top = head + row * (height + GAP)
        lines = wrapped(label, LABEL_WIDTH - 10, font)
        draw.multiline_text((2, top + height / 2), lines, fill="black", font=font, anchor="lm", spacing=2)
        values = pictures.expand(-1, 3, -1, -1).permute(0, 2, 3, 1).clamp(0, 1).mul(255).round().byte().numpy()
        for column in range(count):
            tile = Image.fromarray(np.ascontiguousarray(values[column]))
            image.paste(tile, (LABEL_WIDTH + column * (width + GAP), top))
    return image


def wrapped(text: str, width: float, font: ImageFont.ImageFont | ImageFont.FreeTypeFont) -> str:
    """Return words in lines that are at most ``width`` pixels long, where no word alone is longer."""
    lines = [""]
    for word in text.split():
        longer = f"{lines[-1]} {word}".strip()
        if lines[-1] and font.getlength(longer) > width:
            lines.append(word)
        else:
            lines[-1] = longer
    return "\n".join(lines)


def reconstruction_gallery(report: Report) -> list[Path]:
    """Draw every row's renders, and every row's masks below the true ones, each under the targets."""
    shown, jobs = shown_faces(report.anyone), _jobs(report)
    renders, masks = _of_jobs(jobs, shown)
    return [
        _saved(report, "renders", f"Targets and reconstructions{_seed(jobs)}", shown, renders),
        _saved(report, "masks", f"Masks of the visible face{_seed(jobs)} ({MASK_COLOURS})", shown, masks),
    ]


def mask_gallery(report: Report) -> list[Path]:
    """Draw targets, true masks, the masks that need no network on the renders of FOCUS, and those of every row."""
    shown, jobs = shown_faces(report.anyone), _jobs(report)
    batch = batch_of(jobs[0][1], [face.name for face in shown])
    rows = [("target", batch["image"]), ("true mask", batch["mask"])]
    focus = report.first_job("focus")
    if focus is not None:
        seen = views(focus.folder.path, batch)
        rows += [("skin colour (Gaussians)", seen.skin), ("threshold on the residual (Eq. 10)", seen.threshold)]
    rows += [(label, views(job.folder.path, batch).mask) for label, job in jobs]
    return [_saved(report, "masks", f"Masks of the visible face{_seed(jobs)} ({MASK_COLOURS})", shown, rows)]


def sweep_gallery(report: Report, settings: Sequence[Sequence[SweepPoint]]) -> list[Path]:
    """Draw for each swept setting the masks of the same faces, one row a value."""
    files, shown = [], shown_faces(report.anyone)
    for points in settings:
        jobs = [
            (f"{point.value:g}" + " (standard)" * point.standard, job)
            for point in points
            if (job := report.first_job(point.row))
        ]
        _, masks = _of_jobs(jobs, shown)
        title = f"Masks by {points[0].title}{_seed(jobs)} ({MASK_COLOURS})"
        files.append(_saved(report, f"masks_{points[0].name}", title, shown, masks))
    return files


def rounds_gallery(report: Report, job: Job) -> list[Path]:
    """Draw renders and masks after each EM round of one run."""
    shown = shown_faces(report.anyone)
    batch = batch_of(job, [face.name for face in shown])
    rows: list[tuple[str, Tensor]] = [("target", batch["image"])]
    for number, step in enumerate(job.rounds):
        seen = views(job.checkpoint(step), batch)
        rows += [(f"round {number}: render", seen.render), (f"round {number}: mask", seen.mask)]
    rows.append(("true mask", batch["mask"]))
    title = f"After each EM round, seed {job.seed} (masks: {MASK_COLOURS})"
    return [_saved(report, "rounds", title, shown, rows)]


def _saved(
    report: Report, name: str, title: str, shown: Sequence[ShownFace], rows: Sequence[tuple[str, Tensor]]
) -> Path:  # fmt: skip
    return save_small(sheet(title, [face.label for face in shown], rows), report.out / f"{name}.png")


def _seed(jobs: Sequence[tuple[str, Job]]) -> str:
    """Return ``, seed 0``, or nothing where pictures are of several seeds."""
    seeds = {job.seed for _, job in jobs}
    return f", seed {seeds.pop()}" if len(seeds) == 1 else ""


def _jobs(report: Report) -> list[tuple[str, Job]]:
    """Return label and first run of each row that has one."""
    return [(label, job) for row, label in report.labels.items() if (job := report.first_job(row)) is not None]


def _of_jobs(
    jobs: Sequence[tuple[str, Job]], shown: Sequence[ShownFace]
) -> tuple[list[tuple[str, Tensor]], list[tuple[str, Tensor]]]:
    """Return the rows of renders, targets first, and those of masks, targets and true masks first."""
    batch = batch_of(jobs[0][1], [face.name for face in shown])
    renders: list[tuple[str, Tensor]] = [("target", batch["image"])]
    masks: list[tuple[str, Tensor]] = [("target", batch["image"]), ("true mask", batch["mask"])]
    for label, job in jobs:
        seen = views(job.folder.path, batch)
        renders.append((label, seen.render))
        masks.append((label, seen.mask))
    return renders, masks
