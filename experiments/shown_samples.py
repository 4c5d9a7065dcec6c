"""What a training shows of itself besides curves: pictures, masks, meshes, a table of scores, its last checkpoint."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol, runtime_checkable

import pytorch_lightning as pl
import torch
from torch import Tensor

from datamodules.sampler import ResumableLoader
from experiments.run_folder import RunFolder
from experiments.sending import SHOWN, log_checkpoint, log_images, log_masks, log_mesh, log_table
from lightning_modules.checkpointing import last_step, training_steps
from seethrough.errors import SeethroughError
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
    """Log pictures, masks and meshes of the first validation batch, of whatever the module can show.

    Attributes:
        shown: there was a validation.
    """

    shown = False

    def on_validation_batch_end(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, outputs: Any, batch: Any, batch_idx: int, *_: Any
    ) -> None:
        """Draw and log."""
        if batch_idx or trainer.sanity_checking or not trainer.is_global_zero:
            return
        self.shown = True
        self.show(trainer, pl_module, batch)

    def show(self, trainer: pl.Trainer, pl_module: pl.LightningModule, batch: Any) -> None:
        """Show a batch, for which the module is in eval mode."""
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

    A training that never validates shows its first validation faces here.

    Args:
        run: its folder.
        checkpoints: send the checkpoint to loggers that keep such.
        samples: what shows faces in validations.
    """

    def __init__(self, run: RunFolder, checkpoints: bool, samples: ShowSamples) -> None:
        self._run, self._checkpoints, self._samples = run, checkpoints, samples

    def on_train_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Send them."""
        if not trainer.is_global_zero:
            return
        step, end = training_steps(trainer, pl_module), last_step(trainer, pl_module)
        if not self._samples.shown and (not end or step >= end):  # who is told to leave has no time for it
            self._show_faces(trainer, pl_module)
        scores = {key: float(value) for key, value in trainer.callback_metrics.items() if key.startswith("validation/")}
        if scores:
            rows = [[key.removeprefix("validation/"), value] for key, value in sorted(scores.items())]
            log_table(trainer.loggers, "validation_scores", ["score", "last value"], rows, step)
        newest = self._run.newest_checkpoint()
        if self._checkpoints and newest is not None:
            log_checkpoint(trainer.loggers, self._run.name, newest, ["latest", f"step-{step}"])

    def _show_faces(self, trainer: pl.Trainer, module: pl.LightningModule) -> None:
        data = getattr(trainer, "datamodule", None)
        if data is None:
            return
        try:
            loader = data.val_dataloader()
            batch = loader.first_samples(SHOWN) if isinstance(loader, ResumableLoader) else next(iter(loader))
        except SeethroughError:  # a training that validates never needs no validation faces
            return
        if isinstance(batch, Mapping) and not batch.get("id", True):  # none of them can be read
            return
        module.eval()
        with torch.no_grad(), trainer.precision_plugin.forward_context():
            self._samples.show(trainer, module, trainer.strategy.batch_to_device(batch))
        module.train()
