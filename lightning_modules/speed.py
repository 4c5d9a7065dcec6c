"""How fast a training is, and what it waits for."""

from __future__ import annotations

import time

import pytorch_lightning as pl
import torch
from pytorch_lightning.profilers import Profiler

PREFIX = "speed/"
_FETCH = "[_TrainingEpochLoop].train_dataloader_next"
_SAVE = "save_checkpoint"


class _Stopwatch(Profiler):
    """Sums up what Lightning does between ``start`` and ``stop`` of two of its actions; the rest costs a comparison."""

    def __init__(self) -> None:
        super().__init__()
        self.seconds = {_FETCH: 0.0, _SAVE: 0.0}
        self._begun = dict.fromkeys(self.seconds, 0.0)

    def start(self, action_name: str) -> None:
        if action_name in self.seconds:
            self._begun[action_name] = time.perf_counter()

    def stop(self, action_name: str) -> None:
        if action_name in self.seconds:
            self.seconds[action_name] += time.perf_counter() - self._begun[action_name]


class Speed(pl.Callback):
    """Measures images a second of all processes, the share of time that steps wait for data, and the GPU's memory.

    Validations and checkpoints are left out: they are no part of a step.

    Attributes:
        stopwatch: must be the trainer's profiler.
        recent: images a second in the last measured interval; 0 before its end.
        waiting: share of it that was spent waiting for data.
    """

    def __init__(self) -> None:
        self.stopwatch = _Stopwatch()
        self.recent = self.waiting = 0.0
        self._images = 0
        self._begun = self._validation_begun = 0.0

    def measured(self, trainer: pl.Trainer) -> dict[str, float]:
        """Return what was measured since the last call, as columns of a row of metrics, and begin anew."""
        now = time.perf_counter()
        lasted = now - self._begun - self.stopwatch.seconds[_SAVE]
        if not self._images or lasted <= 0:
            return {}
        self.recent = self._images * trainer.world_size / lasted
        self.waiting = min(self.stopwatch.seconds[_FETCH] / lasted, 1.0)
        row = {f"{PREFIX}images_per_second": self.recent, f"{PREFIX}data_wait_share": self.waiting}
        device = trainer.strategy.root_device
        if device.type == "cuda":
            row[f"{PREFIX}gpu_memory_gib"] = torch.cuda.max_memory_allocated(device) / 2**30
        self._begin()
        return row

    def on_train_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Begin."""
        self._begin()

    def on_train_batch_start(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, batch: object, *_: object
    ) -> None:
        """Count the images of a batch."""
        names = batch.get("id") if isinstance(batch, dict) else None
        self._images += len(names) if names is not None else 0

    def on_validation_start(self, *_: object) -> None:
        """Stop the clock."""
        self._validation_begun = time.perf_counter()

    def on_validation_end(self, *_: object) -> None:
        """Let it go on."""
        self._begun += time.perf_counter() - self._validation_begun

    def _begin(self) -> None:
        self._begun, self._images = time.perf_counter(), 0
        self.stopwatch.seconds = dict.fromkeys(self.stopwatch.seconds, 0.0)
