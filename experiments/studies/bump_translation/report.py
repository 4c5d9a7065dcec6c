"""Fig. 4 of Extreme 3D: what derivatives in the loss do, and what the decoder's growing does."""

from __future__ import annotations

from pathlib import Path

import torch

from experiments.studies.reporting.cells import SIGNS
from experiments.studies.reporting.galleries import sheet
from experiments.studies.reporting.markdown import markdown_table
from experiments.studies.reporting.report import Report
from experiments.studies.reporting.small_pictures import save_small

COLUMNS = {
    "rmse_mm": ("RMSE, mm", 3),
    "l1_mm": ("L1, mm", 3),
    "gradient_error": ("gradient error, mm/mm", 4),
    "normal_angle_deg": ("normals, degrees", 2),
}
TEXTURE = {
    "bump_detail_correlation": ("correlation of slopes", 3),
    "bump_noise_mm": ("noise on calm skin, mm", 4),
    "bump_checkerboard_mm": ("grid of two pixels, mm", 4),
}
TRUE = {"bump_noise_mm": "true_noise_mm", "bump_checkerboard_mm": "true_checkerboard_mm"}
BASELINES = {"zero": "no bump", "luminance": "bilateral luminance"}
FACES = 4


def tables(report: Report) -> str:
    """Return the tables as Markdown."""
    cells, first = report.cells, report.study.rows[0]
    errors, texture, against = [], [], []
    columns = {f"bump_{name}": how for name, how in COLUMNS.items()} | TEXTURE
    for row, label in report.labels.items():
        method = report.method(row)
        errors.append([label, *(cells.value(method, f"bump_{name}", "overall", d) for name, (_, d) in COLUMNS.items())])
        texture.append(
            [label, *(cells.value(method, name, "overall", digits) for name, (_, digits) in TEXTURE.items())]
        )
        if row != first:
            compared = [
                cells.difference(method, report.method(first), name, "overall", digits)
                for name, (_, digits) in columns.items()
            ]
            against.append([label, *compared])
    method = report.method(first) or report.anyone
    for name, label in BASELINES.items():
        values = [cells.value(method, f"{name}_{error}", "overall", digits) for error, (_, digits) in COLUMNS.items()]
        errors.append([label, *values])
    true = [cells.value(method, TRUE[name], "overall", d) if name in TRUE else "-" for name, (_, d) in TEXTURE.items()]
    texture.append(["true surface", *true])
    return "\n".join(
        [
            "Inside the face, mean over images ± standard deviation over seeds.",
            "",
            "## Errors",
            "",
            markdown_table(["", *(name for name, _ in COLUMNS.values())], errors),
            "## Detail, noise, grids",
            "",
            markdown_table(["", *(name for name, _ in TEXTURE.values())], texture),
            f"## Minus {report.labels[first]}",
            "",
            f"On the same images, 95 % interval over images (people resampled){SIGNS}.",
            "",
            markdown_table(["", *(name for name, _ in columns.values())], against),
        ]
    )


def pictures(report: Report) -> list[Path]:
    """Draw the detailed surfaces of some test faces in relief shading: true, and of every row's first seed."""
    from experiments.building import build_data
    from lightning_modules.bump.evaluation import pixel_millimetres
    from lightning_modules.bump.loading import load_bump_module
    from seethrough.details.bump_pictures import relief

    jobs = {row: job for row in report.labels if (job := report.first_job(row)) is not None}
    batch = next(iter(build_data(next(iter(jobs.values())).composition).test_dataloader()))
    batch = {key: value[:FACES] for key, value in batch.items() if key != "truth"}
    pixel = pixel_millimetres(batch)

    def drawn(bump: torch.Tensor) -> torch.Tensor:
        return relief(bump, batch["mask"], pixel, batch.get("depth"))

    shown = [("image", batch["image"]), ("true surface", drawn(batch["bump"]))]
    with torch.no_grad():
        for row, job in jobs.items():
            module = load_bump_module(job.folder.path)
            shown.append((report.labels[row], drawn(module(batch["image"]))))
    target = report.out / "reliefs.png"
    save_small(sheet("Detailed surfaces in relief shading", list(batch["id"]), shown), target)
    return [target]
