"""Pictures, masks, meshes, tables and checkpoints, brought to each logger in the form that it can show."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from pytorch_lightning.loggers import Logger, TensorBoardLogger, WandbLogger
from torch import Tensor

from experiments.pictures import grid, save_picture
from experiments.run_logger import RunLogger
from seethrough.meshes import Mesh, write_mesh

SHOWN = 8
"""Pictures at most of those that are sent one by one."""


def log_images(loggers: Iterable[Logger], name: str, images: Tensor, step: int) -> None:
    """Log pictures (B, 3 or 1, H, W) in [0, 1] as one grid; in the run folder as ``images/<name>_<step>.png``."""
    for logger in loggers:
        if isinstance(logger, RunLogger):
            save_picture(images, logger.run.images / f"{_file_name(name)}_{step:08d}.png")
        elif isinstance(logger, WandbLogger):
            import wandb

            _send(logger, {name: wandb.Image(grid(images), caption=f"step {step}")}, step)
        elif isinstance(logger, TensorBoardLogger):
            logger.experiment.add_image(name, grid(images), step, dataformats="HWC")


def log_masks(loggers: Iterable[Logger], name: str, images: Tensor, masks: Tensor, step: int) -> None:
    """Log pictures (B, 3, H, W) with masks (B, 1, H, W) in [0, 1] of the visible face, which W&B draws over them.

    The grids of :func:`log_images` show the same to those who look into the run folder or TensorBoard.
    """
    for logger in loggers:
        if isinstance(logger, WandbLogger):
            import wandb

            shown = []
            for image, mask in zip(images[:SHOWN], masks[:SHOWN], strict=True):
                labels = (mask[0].detach().float().cpu().numpy() > 0.5).astype("uint8")
                drawn = {"mask_data": labels, "class_labels": {0: "not face, or hidden", 1: "visible face"}}
                shown.append(wandb.Image(_pixels(image), masks={"face": drawn}))
            _send(logger, {name: shown}, step)


def log_mesh(loggers: Iterable[Logger], name: str, mesh: Mesh, step: int) -> None:
    """Log a mesh; in the run folder as ``meshes/<name>.glb``, the newest one. TensorBoard shows none."""
    loggers = list(loggers)
    files = [logger.run.meshes / f"{_file_name(name)}.glb" for logger in loggers if isinstance(logger, RunLogger)]
    for file in files:
        file.parent.mkdir(parents=True, exist_ok=True)
        write_mesh(file, mesh)
    for logger in loggers:
        if isinstance(logger, WandbLogger) and files:
            import wandb

            _send(logger, {name: wandb.Object3D(str(files[0]), caption=f"step {step}")}, step)


def log_checkpoint(loggers: Iterable[Logger], name: str, file: Path, aliases: Sequence[str]) -> None:
    """Keep a checkpoint as an artifact, where a logger has such; the run folder has the file itself."""
    for logger in loggers:
        if isinstance(logger, WandbLogger):
            import wandb

            artifact = wandb.Artifact(_artifact_name(name), type="model", metadata={"file": file.name})
            artifact.add_file(str(file))
            logger.experiment.log_artifact(artifact, aliases=list(aliases))


def log_table(
    loggers: Iterable[Logger], name: str, columns: Sequence[str], rows: Sequence[Sequence[Any]], step: int
) -> None:
    """Log a table; in the run folder as ``report/<name>.csv``."""
    for logger in loggers:
        if isinstance(logger, RunLogger):
            target = logger.run.report / f"{_file_name(name)}.csv"
            target.parent.mkdir(parents=True, exist_ok=True)
            with target.open("w", newline="", encoding="utf-8") as file:
                csv.writer(file).writerows([columns, *rows])
        elif isinstance(logger, WandbLogger):
            import wandb

            _send(logger, {name: wandb.Table(columns=list(columns), data=[list(row) for row in rows])}, step)
        elif isinstance(logger, TensorBoardLogger):
            lines = [" | ".join(map(str, row)) for row in (columns, ["---"] * len(columns), *rows)]
            logger.experiment.add_text(name, "\n".join(f"| {line} |" for line in lines), step)


def _send(logger: WandbLogger, content: dict[str, Any], step: int) -> None:
    """Log to W&B on the axis that Lightning gives all curves there."""
    logger.experiment.log({**content, "trainer/global_step": step})


def _pixels(image: Tensor) -> Any:
    return (image.detach().float().cpu().clamp(0, 1).permute(1, 2, 0) * 255).round().byte().numpy()


def _artifact_name(name: str) -> str:
    """Return a name with nothing in it that W&B refuses."""
    return "".join(letter if letter.isalnum() or letter in "-_." else "-" for letter in name)


def _file_name(name: str) -> str:
    return name.replace("/", "_").replace(" ", "_")
