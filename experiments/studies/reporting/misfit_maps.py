"""The misfit priors of several runs below each other, as their command drew them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from experiments.studies.planning.job import Job
from experiments.studies.reporting.small_pictures import save_small

TITLE = "Misfit prior: predicted minus true vertices of the neutral shape, mean over drawn faces"
_WIDTH, _TITLE, _LABEL = 620, 26, 20


def misfit_maps(jobs: Mapping[str, Job], labels: Mapping[str, str], out: Path) -> list[Path]:
    """Return one picture: the prior of each run along x, y and z from two views (FOCUS Fig. 4), in mm.

    Args:
        jobs: runs with a misfit prior, by row; each has a scale of its own.
        labels: names of the rows.
        out: folder of the results.
    """
    panels = []
    for row, job in jobs.items():
        drawn = job.misfit_prior_file.with_suffix(".png")
        if drawn.is_file():
            picture = Image.open(drawn).convert("RGB")
            height = round(picture.height * _WIDTH / picture.width)
            panels.append(
                (f"{labels[row]}, seed {job.seed}", picture.resize((_WIDTH, height), Image.Resampling.LANCZOS))
            )
    if not panels:
        return []
    sheet = Image.new("RGB", (_WIDTH, _TITLE + sum(_LABEL + panel.height for _, panel in panels)), "white")
    draw, font, top = ImageDraw.Draw(sheet), ImageFont.load_default(size=14), _TITLE
    draw.text((6, 4), TITLE, fill="black", font=ImageFont.load_default(size=15))
    for label, panel in panels:
        draw.text((6, top + 2), label, fill="black", font=font)
        sheet.paste(panel, (0, top + _LABEL))
        top += _LABEL + panel.height
    return [save_small(sheet, out / "misfit_prior.png")]
