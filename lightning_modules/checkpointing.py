"""Checkpoints at chosen steps, written so that a crash never leaves a broken one in their place."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

import pytorch_lightning as pl

from lightning_modules.checkpoint_files import DurableCheckpoints, remove_partial_files
from lightning_modules.interruption import InterruptBetweenSteps
from seethrough.errors import SharedError

_NAME = re.compile(r"step_(\d+)\.ckpt")


class StepCheckpoint(pl.Callback):
    """Save the whole training state every few steps, and at the end.

    Lightning's own ModelCheckpoint counts optimiser steps and never saves by time under manual optimisation, so
    :func:`training_steps` decide here.

    What is saved includes everything that belongs to its step. Where a validation follows a step, the state is saved
    after it: resumed from one before it, Lightning would leave that validation out.

    Ctrl-C lets the step under way end, and the validation after it, and saves, so that a resumed run goes on exactly; a
    second one ends at once and saves nothing.

    Args:
        folder: where ``step_XXXXXXXX.ckpt`` files go.
        every_steps: distance between two checkpoints.
        keep: how many of the newest stay.
        milestones: steps at which one is saved as well, and stays.
    """

    def __init__(
        self, folder: str | Path, every_steps: int = 1000, keep: int = 2, milestones: Iterable[int] = ()
    ) -> None:
        self.folder = Path(folder)
        self.every_steps = every_steps
        self.keep = keep
        self.milestones = frozenset(milestones)
        self._interrupt = InterruptBetweenSteps()
        self._files = DurableCheckpoints()
        self._begun: int | None = None
        self._seen = 0
        self._save_due = False

    def setup(self, trainer: pl.Trainer, pl_module: pl.LightningModule, stage: str) -> None:
        """Have the trainer write its checkpoints so that none is ever half of one."""
        trainer.strategy.checkpoint_io = self._files

    def on_train_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Stop a finished training that is started again; have Ctrl-C wait for the end of a step.

        Not with several processes: the others may be inside a step.
        """
        _count_the_epoch(trainer)
        self._begun = self._seen = training_steps(trainer, pl_module)
        planned = planned_steps(pl_module)
        trainer.should_stop = trainer.should_stop or (planned is not None and self._begun >= planned)
        if trainer.world_size == 1:
            self._interrupt.begin(lambda: trainer.training or trainer.validating)

    def on_train_batch_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule, *_: object) -> None:
        """Save when the counter says so."""
        step = training_steps(trainer, pl_module)
        # With accumulated gradients several batches make a step: a state between them lacks what they have added.
        due, self._seen = step != self._seen, step
        self._save_due = due and (step % self.every_steps == 0 or step in self.milestones)
        if due and not _validation_follows(trainer):
            self._end_step(trainer, step)

    def on_validation_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Do what had to wait for the validation."""
        if not trainer.sanity_checking:
            self._end_step(trainer, training_steps(trainer, pl_module))

    def _end_step(self, trainer: pl.Trainer, step: int) -> None:
        if self._save_due:
            self.save(trainer, step)
        self._save_due = False
        if self._interrupt.asked:
            raise KeyboardInterrupt

    def on_train_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Save the final state unless this step has just been saved."""
        self._interrupt.end()
        step = training_steps(trainer, pl_module)
        # One process decides: the others might look when the first has written it already.
        if not trainer.strategy.broadcast(self.path(step).exists()):
            self.save(trainer, step)

    def on_exception(self, trainer: pl.Trainer, pl_module: pl.LightningModule, exception: BaseException) -> None:
        """Keep what a run has learned when its user stops it; other errors leave the last checkpoint as it is."""
        self._interrupt.end()
        alone = trainer.world_size == 1  # with several processes the others may be inside a step
        whole = isinstance(exception, KeyboardInterrupt) and not self._interrupt.within_step
        step = training_steps(trainer, pl_module)
        learned = self._begun is not None and step > self._begun
        if alone and whole and learned and not self.path(step).exists():
            self.save(trainer, step)

    def path(self, step: int) -> Path:
        """Return the file of ``step``."""
        return self.folder / f"step_{step:08d}.ckpt"

    def save(self, trainer: pl.Trainer, step: int) -> None:
        """Write the checkpoint and remove others beyond ``keep``; all processes must call it.

        Raises:
            SharedError: it cannot be written, on all processes; earlier ones are as they were.
        """
        target = self.path(step)
        trainer.save_checkpoint(target)
        failure = trainer.strategy.broadcast(self._files.failure)
        if failure:
            raise SharedError(
                f"cannot write checkpoint {target}: {failure}; earlier checkpoints are intact: "
                "make room for it, and the same command with resume=auto goes on from them"
            )
        if trainer.is_global_zero:
            remove_partial_files(self.folder)
            passing = [file for step, file in checkpoints_in(self.folder) if step not in self.milestones]
            for old in passing[: -self.keep]:
                old.unlink(missing_ok=True)


def _count_the_epoch(trainer: pl.Trainer) -> None:
    """Count the epoch that a training goes on with, where Lightning does not.

    Going on from the last batch of an epoch that no validation followed, it begins the next epoch as if that were under
    way already; a checkpoint from there on would lead into the wrong epoch.
    """
    loop = trainer.fit_loop
    epochs = loop.epoch_progress
    if loop.restarted_mid_epoch and epochs.total.started == epochs.total.processed:
        epochs.increment_ready()
        epochs.increment_started()


def _validation_follows(trainer: pl.Trainer) -> bool:
    """Return whether Lightning validates after the batch that has just ended; it knows, and does not say."""
    epoch = trainer.fit_loop.epoch_loop
    fetcher = trainer.fit_loop._data_fetcher
    if not trainer.enable_validation or fetcher is None or not epoch._should_check_val_fx(fetcher):
        return False
    epoch.val_loop.setup_data()
    return not epoch.val_loop.skip


def training_steps(trainer: pl.Trainer, module: pl.LightningModule) -> int:
    """Return how many steps a training has done: the module's own count where it steps its optimisers itself."""
    return int(module.em_step if hasattr(module, "em_step") else trainer.global_step)  # pyright: ignore


def planned_steps(module: pl.LightningModule) -> int | None:
    """Return the step at which a method ends its training; None where it does not, or not before it has begun."""
    schedule = getattr(module, "schedule", None)
    return getattr(schedule, "end_step", None) or getattr(module, "total_steps", None) or None


def last_step(trainer: pl.Trainer, module: pl.LightningModule) -> int | None:
    """Return the step at which this start of a training ends: the planned one, or that of ``max_steps`` before it."""
    planned = planned_steps(module)
    if trainer.max_steps < 0:
        return planned
    limit = training_steps(trainer, module) + max(trainer.max_steps - trainer.global_step, 0)
    return limit if planned is None else min(planned, limit)


def checkpoints_in(folder: str | Path) -> list[tuple[int, Path]]:
    """Return (step, file) of all complete checkpoints in a folder, oldest first."""
    matches = [(_NAME.fullmatch(path.name), path) for path in Path(folder).glob("step_*.ckpt")]
    return sorted((int(match[1]), path) for match, path in matches if match)
