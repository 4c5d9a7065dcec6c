"""Trainings of a few steps on one synthetic batch, and what moved in each of them."""

from __future__ import annotations

import copy

import pytorch_lightning as pl
import torch

from lightning_modules.checkpointing import StepCheckpoint
from lightning_modules.focus.phases import Phase
from tests.lightning_modules.focus.conftest import synthetic_batch


class Batches(torch.utils.data.IterableDataset):
    def __init__(self, endless: bool = True) -> None:
        self.endless = endless

    def __iter__(self):
        batch = synthetic_batch()
        while True:
            yield batch
            if not self.endless:
                return


def loader(endless: bool = True) -> torch.utils.data.DataLoader:
    return torch.utils.data.DataLoader(Batches(endless), batch_size=None)


def trainer(folder, **options) -> pl.Trainer:
    return pl.Trainer(
        accelerator="cpu",
        devices=1,
        logger=False,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        max_epochs=-1,
        callbacks=[StepCheckpoint(folder, every_steps=5), *options.pop("callbacks", [])],
        **options,
    )


class Recorder(pl.Callback):
    """Keep phase, weights and BatchNorm statistics around every step."""

    def __init__(self) -> None:
        self.steps: list[tuple[Phase, bool, bool]] = []

    def on_train_batch_start(self, trainer, module, *_):
        self.before = copy.deepcopy(module.focus.state_dict())

    def on_train_batch_end(self, trainer, module, *_):
        after = module.focus.state_dict()
        moved = [
            any(
                not torch.equal(self.before[key], after[key])
                for key in after
                if key.startswith(prefix) and "num_batches" not in key
            )
            for prefix in ("encoder.", "segmentation.")
        ]
        self.steps.append((module.schedule.phase(module.em_step - 1), *moved))
