"""Where a training can be killed: between and inside steps, and while files are written."""

from __future__ import annotations

import os
import signal
import threading
from dataclasses import dataclass
from typing import Any

import pytorch_lightning as pl

from experiments import building
from experiments.run_logger import RunLogger
from lightning_modules import checkpoint_files
from lightning_modules.checkpointing import training_steps

ANYWHERE = "anywhere"
OF_EVERY_PROCESS = ("batch", "gradient", "step end", "validation", ANYWHERE)
OF_THE_FIRST = ("writing", "written", "half a row", "row")
PLACES = (*OF_EVERY_PROCESS, *OF_THE_FIRST)


@dataclass(frozen=True)
class KillPoint:
    """Where one process of a training is killed.

    Attributes:
        step: training steps that it has done at least; the last step of all, where the place comes no more.
        place: one of :data:`PLACES`.
        delay: seconds after the step, for ``anywhere``.
        rank: of the process.
    """

    step: int
    place: str
    delay: float = 0.0
    rank: int = 0


class Killer(pl.Callback):
    """Kills its process with SIGKILL, which nothing can catch.

    Args:
        point: where.
        last: steps of the whole training.
    """

    def __init__(self, point: KillPoint, last: int) -> None:
        self.point, self.last = point, last
        self.step = 0

    def install(self) -> None:
        """Watch the training that this process is going to start."""
        build = building.build_trainer

        def with_killer(*arguments: Any) -> pl.Trainer:
            trainer = build(*arguments)
            trainer.callbacks.insert(0, self)  # before what saves and logs  # pyright: ignore
            return trainer

        building.build_trainer = with_killer
        write, remember, append = checkpoint_files._Sink.write, checkpoint_files._remember_names, RunLogger._append

        def half_written(sink: Any, data: Any) -> int:
            self.at("writing", lambda: (write(sink, bytes(data)[: len(data) // 2]), sink.flush()))
            return write(sink, data)

        def renamed(folder: Any) -> None:
            self.at("written")
            remember(folder)

        def half_a_row(logger: RunLogger, row: dict[str, Any]) -> None:
            self.at("half a row", lambda: _tear(logger, self.step))
            append(logger, row)
            self.at("row")

        checkpoint_files._Sink.write = half_written
        checkpoint_files._remember_names = renamed
        RunLogger._append = half_a_row

    def at(self, place: str, before: Any = None) -> None:
        """Kill, if this is where."""
        if self.step >= self.point.step and place == self.point.place:
            if before is not None:
                before()
            os.kill(os.getpid(), signal.SIGKILL)

    # What Lightning calls.
    def on_train_batch_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule, *_: object) -> None:
        self.step = training_steps(trainer, pl_module)
        self.at("batch")
        if self.step >= self.point.step and self.point.place == ANYWHERE:
            threading.Timer(self.point.delay, lambda: os.kill(os.getpid(), signal.SIGKILL)).start()

    def on_before_optimizer_step(self, *_: object) -> None:
        self.at("gradient")

    def on_train_batch_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule, *_: object) -> None:
        self.step = training_steps(trainer, pl_module)
        self.at("step end")

    def on_validation_batch_end(self, *_: object) -> None:
        self.at("validation")

    def on_train_end(self, *_: object) -> None:
        """Have no start without a kill: the place may not come any more."""
        os.kill(os.getpid(), signal.SIGKILL)


def _tear(logger: RunLogger, step: int) -> None:
    """Leave half a row of a step, as a machine that loses its power may."""
    if logger.run.metrics.is_file():
        with logger.run.metrics.open("a", encoding="utf-8") as file:
            file.write(f"{step},0.25")
