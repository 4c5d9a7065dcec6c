"""Rows of metrics that belong to training steps."""

from __future__ import annotations

from collections.abc import Mapping

import pytorch_lightning as pl
import torch
from torch import Tensor

from lightning_modules.speed import Speed


def log_step(module: pl.LightningModule, values: Mapping[str, Tensor], step: int, last: bool) -> None:
    """Write what a step was worth to the loggers, every ``log_every_n_steps`` steps and at the ``last`` one.

    Not by ``module.log``: it would repeat the last value of every phase in all later rows of an epoch, costs a small
    network a tenth of its step, and writes a row only after the checkpoint of its step has been saved.

    Args:
        module: under training.
        values: () numbers by name.
        step: training steps done, this one among them.
        last: there is no step after it.
    """
    trainer = module.trainer
    if step % trainer.log_every_n_steps and not last:  # pyright: ignore[reportAttributeAccessIssue]
        return
    numbers = torch.stack([value.detach().float() for value in values.values()]).tolist()  # one wait for the device
    row = dict(zip(values, numbers, strict=True))
    module.log("loss", row.get("loss", sum(numbers)), logger=False)  # for the progress bar
    for speed in (callback for callback in trainer.callbacks if isinstance(callback, Speed)):  # pyright: ignore
        row.update(speed.measured(trainer))
    for logger in module.loggers:
        logger.log_metrics({**row, "step": float(step)}, step=step)
