"""Training steps inside Lightning's own loop, each followed by the plain arithmetic that it cannot do without."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytorch_lightning as pl
import torch
from torch.utils.data import DataLoader

from lightning_modules.focus.lightning_model import FocusModule
from lightning_modules.focus.phases import Phase
from tools.benchmark.focus.arithmetic import Arithmetic
from tools.benchmark.focus.setup import SameBatch
from tools.benchmark.measuring import Start, Times


@dataclass
class StepTimes:
    """Seconds of the steps of each phase, and of the arithmetic run in turn with them."""

    steps: dict[Phase, Times] = field(default_factory=dict)
    arithmetic: dict[Phase, Times] = field(default_factory=dict)


class _Stopwatch(pl.Callback):
    """Put the module's step counter where it is told, and time everything from one batch's end to the next one's."""

    def __init__(self, plan: Sequence[int], arithmetic: Arithmetic) -> None:
        self.plan, self.arithmetic = list(plan), arithmetic
        self.times = StepTimes()
        self._next = 0
        self._start = Start.now()

    def on_train_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        self._begin(pl_module)

    def on_train_batch_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule, *_: object) -> None:
        taken = Times()
        taken.note(self._start)
        assert isinstance(pl_module, FocusModule)
        phase = pl_module.schedule.phase(self.plan[self._next])
        warmed = phase in self.times.steps
        steps = self.times.steps.setdefault(phase, Times())
        arithmetic = self.times.arithmetic.setdefault(phase, Times())
        with trainer.precision_plugin.forward_context():
            if warmed:
                steps.add(taken)
                arithmetic.take(lambda: self.arithmetic.step(phase))
            else:
                self.arithmetic.step(phase)
        self._next += 1
        trainer.should_stop = self._next == len(self.plan)
        if not trainer.should_stop:
            self._begin(pl_module)

    def _begin(self, module: pl.LightningModule) -> None:
        assert isinstance(module, FocusModule)
        module.em_step = self.plan[self._next]
        self._start = Start.now()


def time_steps(
    module: FocusModule, batch: dict[str, Any], plan: Sequence[int], arithmetic: Arithmetic, precision: str = "32-true"
) -> StepTimes:
    """Train ``plan``'s steps on one batch; the first step of each phase warms up and is not counted."""
    watch = _Stopwatch(plan, arithmetic)
    logging.getLogger("pytorch_lightning").setLevel(logging.ERROR)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        trainer = pl.Trainer(
            accelerator="cpu",
            devices=1,
            precision=precision,  # pyright: ignore
            max_epochs=1,
            callbacks=[watch],
            logger=False,
            enable_checkpointing=False,
            enable_progress_bar=False,
            enable_model_summary=False,
        )
        trainer.fit(module, DataLoader(SameBatch(batch), batch_size=None))
    return watch.times


def pooled(times: Mapping[Phase, Times], counts: Mapping[Phase, int]) -> Times:
    """Return the times of as many whole cycles as there are, each of ``counts`` steps of the phases."""
    cycles = min(len(times[phase].cpu) // count for phase, count in counts.items())
    result = Times()
    for cycle in range(cycles):
        chosen = [(times[phase], range(cycle * count, (cycle + 1) * count)) for phase, count in counts.items()]
        result.cpu.append(sum(time.cpu[index] for time, indices in chosen for index in indices))
        result.wall.append(sum(time.wall[index] for time, indices in chosen for index in indices))
    result.peak_mb = max((times[phase].peak_mb or 0.0 for phase in counts), default=0.0) or None
    return result


DTYPES = {"32-true": torch.float32, "bf16-mixed": torch.bfloat16}
