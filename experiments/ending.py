"""How a training has ended: with its last step, or at a limit before it, and then how it goes on."""

from __future__ import annotations

import shlex

import pytorch_lightning as pl

from experiments.config.composition import Composition
from experiments.run_folder import RunFolder
from lightning_modules.checkpointing import planned_steps, training_steps

# The limits of a Trainer, and what takes each of them away.
_LIMITS = {"max_steps": "-1", "max_epochs": "null", "max_time": "null"}


def how_it_ended(trainer: pl.Trainer, module: pl.LightningModule, composition: Composition, run: RunFolder) -> str:
    """Return one line on where a training has ended and, if that was not its last step, how to go on."""
    steps, planned, config = training_steps(trainer, module), planned_steps(module), composition.config
    if config.trainer.fast_dev_run:
        return f"one batch of everything ran (trainer.fast_dev_run=true), nothing was learned: {run.path}"
    if planned is None or steps >= planned:
        return f"finished: {run.path}"
    set_limits = {key: getattr(config.trainer, key) for key in _LIMITS}
    limits = {key: value for key, value in set_limits.items() if value not in (None, -1)}
    if 0 <= config.trainer.max_steps <= trainer.global_step:
        limits = {"max_steps": config.trainer.max_steps}
    said = ", ".join(f"trainer.{key}={value}" for key, value in limits.items())
    without = " ".join(f"trainer.{key}={_LIMITS[key]}" for key in limits)
    command = f"python -m experiments.train {shlex.quote(str(run.config))} name={run.name} resume=auto {without}"
    where = f"stopped at step {steps:,} of {planned:,} planned" + (f" ({said})" if said else "")
    return f"{where}: {run.path}; `{command.strip()}` goes on"
