"""Leaving in time: a training that is told to end (SIGTERM) or make room (SIGUSR1) saves between two steps and goes."""

from __future__ import annotations

import os
import signal
import threading
import time
from types import FrameType
from typing import Any

import pytorch_lightning as pl
import torch

from experiments.command_line import Preempted
from experiments.processes import is_first_process
from lightning_modules.checkpointing import StepCheckpoint, training_steps

SIGNALS = (signal.SIGTERM, signal.SIGUSR1)
# Seconds between two times that the processes of a training ask each other whether one of them was told to leave.
_AGREE_SECONDS = 2.0
_AT_LEAST_EVERY = 200


class LeaveInTime(pl.Callback):
    """As a context: hears the signals from the start; as a callback: saves at the end of a step, and leaves.

    Lightning's own answers to these signals do not fit: it saves within a step, next to the run's checkpoints, and a
    process of several talks to the others out of turn, which waits for ever.

    Before the first step there is nothing to save, and it leaves at once. All processes of a training save the same
    step: which one, they agree upon every two seconds or so, since a signal may reach one of them only.
    """

    def __init__(self) -> None:
        self._process = os.getpid()
        self._asked = self._told_to_leave = self._leaving = False
        self._training = False
        self._before: dict[int, Any] = {}
        self._next_agreement, self._agreed_at = 1, 0.0
        self._step = self._batches = self._batches_then = 0

    def __enter__(self) -> LeaveInTime:
        if threading.current_thread() is threading.main_thread():
            self._before = {number: signal.signal(number, self._hear) for number in SIGNALS}
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)
        self._before = {}

    def on_train_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Take the signals back from Lightning, which has put its own handlers in the meantime."""
        for number in self._before:
            signal.signal(number, self._hear)
        self._training = True
        self._step = training_steps(trainer, pl_module)
        self._next_agreement, self._batches, self._agreed_at = 1, 0, time.monotonic()

    def on_train_batch_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule, *_: object) -> None:
        """Save, if this process or another was told to leave."""
        self._batches += 1
        step = training_steps(trainer, pl_module)
        # With accumulated gradients several batches make a step: a state between them lacks what they have added.
        whole, self._step = step != self._step, step
        self._told_to_leave = self._told_to_leave or self._told(trainer)
        if not (self._told_to_leave and whole):
            return
        # At once, although a validation may follow: there may be no time for it.
        self._save(trainer, step)
        self._leaving = True

    def _save(self, trainer: pl.Trainer, step: int) -> None:
        for saving in (each for each in trainer.callbacks if isinstance(each, StepCheckpoint)):  # pyright: ignore
            saving.save(trainer, step)

    def on_train_batch_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule, *_: object) -> None:
        """Leave before the next step: what the last one logged is written by now."""
        self._leave()

    def on_validation_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Leave after a validation, with its scores saved: a training that goes on would leave it out."""
        if self._leaving and self._training:
            self._save(trainer, training_steps(trainer, pl_module))
            self._leave()

    def on_train_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """A training that has done its last step has ended as planned; its last state is saved without hurry."""
        self._leaving = False

    def _leave(self) -> None:
        if self._leaving:
            if is_first_process():
                print("told to leave: everything is saved; the same command with resume=auto goes on", flush=True)
            raise Preempted

    def _told(self, trainer: pl.Trainer) -> bool:
        if trainer.world_size == 1:
            return self._asked
        if self._batches < self._next_agreement:
            return False
        now = time.monotonic()
        pace = (self._batches - self._batches_then) / max(now - self._agreed_at, 1e-3)
        self._agreed_at, self._batches_then = now, self._batches
        mine = [float(self._asked), -max(min(pace * _AGREE_SECONDS, _AT_LEAST_EVERY), 1.0)]
        # The largest of all: whether somebody was told, and the smallest number of steps until the next time.
        told, negative = _largest(torch.tensor(mine, device=trainer.strategy.root_device)).tolist()
        self._next_agreement = self._batches + int(-negative)
        return told > 0

    def _hear(self, number: int, frame: FrameType | None) -> None:
        if os.getpid() != self._process:  # a worker that was forked from us
            signal.signal(number, signal.SIG_DFL)
            os.kill(os.getpid(), number)
            return
        self._asked = True
        if not self._training:
            raise Preempted


def _largest(values: torch.Tensor) -> torch.Tensor:
    """Return the elementwise maximum over all processes, the same in each."""
    torch.distributed.all_reduce(values, torch.distributed.ReduceOp.MAX)
    return values
