"""Section ``training_loop``: steps as ``experiments.train`` takes them, beside those of a bare PyTorch loop."""

from __future__ import annotations

import tempfile
import warnings
from collections.abc import Mapping
from contextlib import redirect_stdout
from dataclasses import dataclass, field, replace
from functools import partial
from io import StringIO
from pathlib import Path
from typing import Any

import pytorch_lightning as pl
import torch
from torch import nn
from torch.utils.data import DataLoader

from experiments.building import build_trainer
from experiments.config.composition import compose
from experiments.loggers import build_loggers
from experiments.run_folder import RunFolder
from experiments.run_start import RunStart
from lightning_modules.focus.lightning_model import FocusModule
from lightning_modules.focus.optimisation import build_optimiser
from lightning_modules.focus.phases import Network, Phase
from tools.benchmark.focus.setup import PAPER, SMALL, FocusSetup, SameBatch, step_of
from tools.benchmark.measuring import Measurement, Start, Times, summarise
from tools.benchmark.registry import Case

SECTION = "training_loop"
SMALL_ROUNDS, PAPER_ROUNDS = 30, 2
PAPER_OF_FOUR = replace(PAPER, name=f"{PAPER.name} batch 4", batch=4)
_PHASES = (Phase.LANDMARKS, Phase.COLOUR, Phase.INITIALISE, Phase.PRETRAIN, Phase.SEGMENT, Phase.RECONSTRUCT)


class BareLoop:
    """What one would write without any framework: predict, add up the losses, step.

    Args:
        module: whose networks and losses are used; a copy of its own.
    """

    def __init__(self, module: FocusModule) -> None:
        self.module = module.train()
        self.configs = {
            Network.RECONSTRUCTION: module.config.encoder_optimiser,
            Network.SEGMENTATION: module.config.segmentation_optimiser,
        }
        self.networks: dict[Network, nn.Module] = {
            Network.RECONSTRUCTION: module.focus.encoder,
            Network.SEGMENTATION: module.focus.segmentation,
        }
        self.optimisers = {
            network: build_optimiser(self.networks[network].parameters(), config)
            for network, config in self.configs.items()
        }

    def choose(self, network: Network) -> None:
        """Freeze the other network, as a loop would do once a stage."""
        for each, module in self.networks.items():
            module.train(each is network).requires_grad_(each is network)

    def step(self, phase: Phase, number: int, batch: dict[str, Any]) -> None:
        """Take one training step."""
        optimiser, clip = self.optimisers[phase.network], self.configs[phase.network].clip_norm
        loss = torch.stack(list(self.module.step_terms(phase, number, batch).values())).sum()
        optimiser.zero_grad()
        loss.backward()
        if clip is not None:
            nn.utils.clip_grad_norm_(self.networks[phase.network].parameters(), clip)
        optimiser.step()


@dataclass
class LoopTimes:
    """Seconds of our steps and of bare ones, taken in turn, by phase."""

    ours: dict[Phase, Times] = field(default_factory=dict)
    bare: dict[Phase, Times] = field(default_factory=dict)


class _InTurn(pl.Callback):
    """After each of our steps, from the end of what came before to its own end, take the same step barely."""

    def __init__(self, bare: BareLoop, batch: dict[str, Any], plan: list[Phase]) -> None:
        self.bare, self.batch, self.plan = bare, batch, plan
        self.times = LoopTimes()
        self._next = 0
        self._start = Start.now()

    def on_train_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        self._begin(pl_module)

    def on_train_batch_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule, *_: object) -> None:
        taken = Times()
        taken.note(self._start)
        phase = self.plan[self._next]
        number = step_of(self.bare.module, phase)
        first = phase not in self.times.ours
        ours, bare = self.times.ours.setdefault(phase, Times()), self.times.bare.setdefault(phase, Times())
        self.bare.choose(phase.network)
        if first:  # warms up
            self.bare.step(phase, number, self.batch)
        else:
            ours.add(taken)
            bare.take(lambda: self.bare.step(phase, number, self.batch))
        self._next += 1
        trainer.should_stop = self._next == len(self.plan)
        if not trainer.should_stop:
            self._begin(pl_module)

    def _begin(self, module: pl.LightningModule) -> None:
        assert isinstance(module, FocusModule)
        module.em_step = step_of(module, self.plan[self._next]) // 20 * 20 + self._next % 20  # logs when it always does
        self._start = Start.now()


def time_loops(setup: FocusSetup, plan: list[Phase]) -> LoopTimes:
    """Train the steps of ``plan`` in the loop that ``experiments.train`` builds, in turn with bare ones."""
    module, bare = setup.module(), BareLoop(setup.module())
    batch = setup.faces(module.config.image_size)
    said = redirect_stdout(StringIO())  # lines of progress, which are part of the loop, but not of the table
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings(), said:
        warnings.simplefilter("ignore")
        words = ["trainer.accelerator=cpu", "trainer.devices=1", f"out={folder}", "trainer.limit_val_batches=0"]
        composition = compose(setup.presets, [*words, "checkpoint.every_steps=100000000"])
        run = RunFolder(Path(folder) / "run")
        with RunStart(run, composition) as start:
            trainer = build_trainer(composition, start, build_loggers(composition.config, composition.lasting, run))
            watch = _InTurn(bare, batch, plan)
            trainer.callbacks.append(watch)  # pyright: ignore
            trainer.fit(module, DataLoader(SameBatch(batch), batch_size=None))
    return watch.times


def _phase(setup: FocusSetup, phase: Phase, rounds: int) -> Measurement:
    times = time_loops(setup, [phase] * (rounds + 1))
    return summarise(SECTION, f"{setup.name} {phase}", times.ours[phase], times.bare[phase], setup.batch, setup.batch)


def cases() -> Mapping[str, Case]:
    """Return the cases of this section: all phases of the demo's preset, two of the paper's, four images a step."""
    wanted = [(SMALL, phase, SMALL_ROUNDS) for phase in _PHASES]
    wanted += [(PAPER_OF_FOUR, phase, PAPER_ROUNDS) for phase in (Phase.RECONSTRUCT, Phase.SEGMENT)]
    return {f"{setup.name} {phase}": partial(_phase, setup, phase, rounds) for setup, phase, rounds in wanted}
