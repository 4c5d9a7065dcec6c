"""Section ``processes``: a training step in each of two processes, beside the same step in one alone."""

from __future__ import annotations

import logging
import multiprocessing
import os
import socket
import warnings
from collections.abc import Mapping
from functools import partial
from typing import Any

import pytorch_lightning as pl
import torch
from torch.utils.data import DataLoader

from lightning_modules.focus.phases import Phase
from tools.benchmark.focus.setup import SMALL, SameBatch, step_of
from tools.benchmark.measuring import Measurement, Start, Times, summarise
from tools.benchmark.registry import Case

SECTION = "processes"
STEPS, WARM_UP = 40, 3
_PHASES = (Phase.RECONSTRUCT, Phase.SEGMENT)


class _Stopwatch(pl.Callback):
    """Keeps a module at one step, and notes what each takes from the last one's end to its own."""

    def __init__(self, step: int) -> None:
        self.step, self.times = step, Times()
        self._start = Start.now()

    def on_train_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        self._begin(pl_module)

    def on_train_batch_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule, *_: object) -> None:
        self.times.note(self._start)
        trainer.should_stop = len(self.times.cpu) == STEPS + WARM_UP
        if not trainer.should_stop:
            self._begin(pl_module)

    def _begin(self, module: pl.LightningModule) -> None:
        module.em_step = self.step  # pyright: ignore
        self._start = Start.now()


def _train(phase: Phase, rank: int, processes: int, port: int, told: Any) -> None:
    """Take the steps in this process and tell their times."""
    torch.set_num_threads(1)
    os.environ |= {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port), "NODE_RANK": "0", "LOCAL_RANK": str(rank)}
    for name in ("pytorch_lightning", "lightning_fabric"):
        logging.getLogger(name).setLevel(logging.ERROR)
    warnings.simplefilter("ignore")
    module = SMALL.module()
    watch = _Stopwatch(step_of(module, phase))
    trainer = pl.Trainer(
        accelerator="cpu", devices=processes, max_epochs=1, callbacks=[watch], logger=False,
        strategy="ddp_find_unused_parameters_true" if processes > 1 else "auto", enable_checkpointing=False,
        enable_progress_bar=False, enable_model_summary=False, use_distributed_sampler=False,
    )  # fmt: skip
    trainer.fit(module, DataLoader(SameBatch(SMALL.faces(module.config.image_size)), batch_size=None))
    told.put((rank, watch.times.cpu[WARM_UP:], watch.times.wall[WARM_UP:], watch.times.peak_mb))


def times_of(phase: Phase, processes: int) -> Times:
    """Return the times of the first of some processes that train together."""
    spawn = multiprocessing.get_context("spawn")
    with socket.socket() as asked:
        asked.bind(("127.0.0.1", 0))
        port = asked.getsockname()[1]
    told = spawn.Queue()
    running = [spawn.Process(target=_train, args=(phase, rank, processes, port, told)) for rank in range(processes)]
    for process in running:
        process.start()
    found = sorted(told.get(timeout=1800) for _ in running)
    for process in running:
        process.join()
    return Times(*found[0][1:])


def _pair(phase: Phase) -> Measurement:
    return summarise(SECTION, _name(phase), times_of(phase, 2), times_of(phase, 1), SMALL.batch, SMALL.batch)


def _name(phase: Phase) -> str:
    return f"{SMALL.name} {phase}, each of 2"


def cases() -> Mapping[str, Case]:
    """Return the cases of this section; times are per image of one process, references those of a process alone."""
    return {_name(phase): partial(_pair, phase) for phase in _PHASES}
