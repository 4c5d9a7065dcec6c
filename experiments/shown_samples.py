"""What a training shows of itself besides curves: pictures, masks, meshes, a table of scores, its last checkpoint."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol, runtime_checkable

import pytorch_lightning as pl
from torch import Tensor

from experiments.run_folder import RunFolder
from experiments.sending import log_checkpoint, log_images, log_masks, log_mesh, log_table
from lightning_modules.checkpointing import training_steps
from seethrough.meshes import Mesh


@runtime_checkable
class Depicts(Protocol):
    """A module that can show what it does to a batch."""

    def pictures(self, batch: Any) -> Mapping[str, Tensor]:
        """Return named pictures (B, 3 or 1, H, W) in [0, 1], one row of each a sample."""
        ...


@runtime_checkable
class Masks(Protocol):
    """A module that says where faces are visible."""

    def masks(self, batch: Any) -> Mapping[str, tuple[Tensor, Tensor]]:
        """Return named pictures (B, 3, H, W) in [0, 1] and their masks (B, 1, H, W)."""
        ...


@runtime_checkable
class Shapes(Protocol):
    """A module that reconstructs meshes."""

    def meshes(self, batch: Any) -> Mapping[str, Mesh]:
        """Return a few named meshes of the first samples."""
        ...


class ShowSamples(pl.Callback):
    """Log pictures, masks and meshes of the first validation batch, of whatever the module can show."""

    def on_validation_batch_end(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, outputs: Any, batch: Any, batch_idx: int, *_: Any
    ) -> None:
        """Draw and log."""
        if batch_idx or trainer.sanity_checking or not trainer.is_global_zero:
            return
        step, loggers = training_steps(trainer, pl_module), trainer.loggers
        if isinstance(pl_module, Depicts):
            for name, images in pl_module.pictures(batch).items():
                log_images(loggers, name, images, step)
        if isinstance(pl_module, Masks):
            for name, (images, masks) in pl_module.masks(batch).items():
                log_masks(loggers, name, images, masks, step)
        if isinstance(pl_module, Shapes):
            for name, mesh in pl_module.meshes(batch).items():
                log_mesh(loggers, name, mesh, step)


class ShowEnd(pl.Callback):
    """Log a table of the validation scores and the last checkpoint when a training ends; after it has been saved.

    Args:
        run: its folder.
        checkpoints: send the checkpoint to loggers that keep such.
    """

    def __init__(self, run: RunFolder, checkpoints: bool) -> None:
        self._run, self._checkpoints = run, checkpoints

    def on_train_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Send them."""
        if not trainer.is_global_zero:
            return
        step = training_steps(trainer, pl_module)
        scores = {key: float(value) for key, value in trainer.callback_metrics.items() if key.startswith("validation/")}
        if scores:
            rows = [[key.removeprefix("validation/"), value] for key, value in sorted(scores.items())]
            log_table(trainer.loggers, "validation_scores", ["score", "last value"], rows, step)
        newest = self._run.newest_checkpoint()
        if self._checkpoints and newest is not None:
            log_checkpoint(trainer.loggers, self._run.name, newest, ["latest", f"step-{step}"])
