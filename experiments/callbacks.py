"""Callbacks that every training gets."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytorch_lightning as pl

from experiments.processes import is_first_process
from experiments.provenance import commit
from experiments.run_logger import RunLogger
from lightning_modules.checkpointing import training_steps


class ConfigInCheckpoint(pl.Callback):
    """Store the resolved config and the commit in each checkpoint, so that a checkpoint alone says what it is."""

    def __init__(self, plain: Mapping[str, Any]) -> None:
        self._plain = dict(plain)
        self._commit = commit()

    def on_save_checkpoint(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, checkpoint: dict[str, Any]
    ) -> None:
        """Add ``config`` and ``commit``."""
        checkpoint["config"] = self._plain
        checkpoint["commit"] = self._commit


class CurvesInCheckpoint(pl.Callback):
    """Store how many rows of metrics belong to a checkpoint, so that a run that goes on repeats and loses none.

    Args:
        logger: of the run folder.
    """

    def __init__(self, logger: RunLogger) -> None:
        self._logger = logger

    def on_save_checkpoint(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, checkpoint: dict[str, Any]
    ) -> None:
        """Add ``curves``: the number of rows, which are on the disk before the checkpoint is, and the step."""
        self._logger.force()
        checkpoint["curves"] = {"rows": self._logger.rows, "step": training_steps(trainer, pl_module)}

    def on_load_checkpoint(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, checkpoint: dict[str, Any]
    ) -> None:
        """Have the logger go on behind them."""
        if "curves" in checkpoint:
            self._logger.go_on(**checkpoint["curves"])


class WarmUp(pl.Callback):
    """Compile before the progress bar starts, which would seem to hang otherwise; after all data are there.

    Args:
        compile_all: what to call, in a training on the CPU.
    """

    def __init__(self, compile_all: Callable[[], object]) -> None:
        self._compile_all = compile_all

    def on_train_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Say it and do it."""
        if trainer.strategy.root_device.type != "cpu":
            return
        if is_first_process():
            print("preparing the renderer (the first time on a machine it is compiled, 10 to 30 s)", flush=True)
        self._compile_all()


class LogEveryEpoch(pl.Callback):
    """Log at least once an epoch, however few batches it has."""

    def on_fit_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Shorten the interval of the logs to an epoch."""
        data = getattr(trainer, "datamodule", None)
        if data is None or trainer.limit_train_batches == 0:
            return
        limit, batches = trainer.limit_train_batches, len(data.train_dataloader())
        batches = int(batches * limit) if isinstance(limit, float) else min(batches, limit)
        # The trainer's own attribute: an epoch's length is known only after it was built.
        trainer.log_every_n_steps = max(1, min(trainer.log_every_n_steps, batches))  # pyright: ignore
