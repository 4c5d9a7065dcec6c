"""Stopping a training by Ctrl-C, with a real signal, in a loader that can go on inside an epoch."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest
import pytorch_lightning as pl
import torch
from torch import nn

from datamodules.sampler import KeyedBatchSampler, ResumableLoader
from lightning_modules.checkpointing import StepCheckpoint, checkpoints_in

STEPS = 8


class Numbers(torch.utils.data.Dataset):
    def __len__(self) -> int:
        return 12

    def __getitem__(self, key) -> torch.Tensor:
        return torch.tensor(float(key.index + 100 * key.epoch))


class Follower(pl.LightningModule):
    """Its weight depends on every batch and on their order."""

    def __init__(self, signals: dict[int, int]) -> None:
        super().__init__()
        self.automatic_optimization = False
        self.weight = nn.Parameter(torch.zeros(()))
        self.em_step, self.signals = 0, signals

    def configure_optimizers(self) -> torch.optim.Optimizer:
        return torch.optim.SGD(self.parameters(), 0.3)

    def training_step(self, batch: torch.Tensor, batch_idx: int) -> None:
        optimiser = self.optimizers()
        optimiser.zero_grad()
        self.manual_backward((self.weight - batch.mean()) ** 2 / 2)
        optimiser.step()
        for _ in range(self.signals.get(self.em_step, 0)):
            os.kill(os.getpid(), signal.SIGINT)
        self.em_step += 1
        self.trainer.should_stop = self.em_step >= STEPS

    def on_save_checkpoint(self, checkpoint: dict) -> None:
        checkpoint["em_step"] = self.em_step

    def on_load_checkpoint(self, checkpoint: dict) -> None:
        self.em_step = checkpoint["em_step"]


def train(folder: Path, signals: dict[int, int] | None = None, start: Path | None = None) -> float:
    module = Follower(signals or {})
    trainer = pl.Trainer(
        accelerator="cpu", devices=1, logger=False, enable_checkpointing=False, enable_progress_bar=False,
        enable_model_summary=False, max_epochs=-1, use_distributed_sampler=False,
        callbacks=[StepCheckpoint(folder, every_steps=100, keep=9)],
    )  # fmt: skip
    data = ResumableLoader(Numbers(), KeyedBatchSampler(12, 2, seed=3), collate_fn=torch.stack)
    trainer.fit(module, data, ckpt_path=start, weights_only=True)
    return module.weight.item()


@pytest.fixture(autouse=True)
def interruptible():
    """Lightning ignores Ctrl-C after the first one."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def test_a_training_that_ctrl_c_stopped_inside_a_step_goes_on_exactly(tmp_path: Path) -> None:
    whole = train(tmp_path / "whole")
    with pytest.raises(SystemExit):
        train(tmp_path / "cut", {3: 1})
    ((step, file),) = checkpoints_in(tmp_path / "cut")
    assert step == 4
    signal.signal(signal.SIGINT, signal.default_int_handler)
    assert train(tmp_path / "cut", start=file) == whole


def test_a_second_ctrl_c_ends_at_once_and_saves_no_half_step(tmp_path: Path) -> None:
    with pytest.raises(SystemExit):
        train(tmp_path, {3: 2})
    assert not checkpoints_in(tmp_path)


def test_ctrl_c_is_given_back_and_the_handler_of_somebody_else_stays(tmp_path: Path) -> None:
    train(tmp_path)
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    heard = []
    signal.signal(signal.SIGINT, lambda *_: heard.append(1))
    train(tmp_path / "other", {2: 1})
    assert heard == [1]
    assert [step for step, _ in checkpoints_in(tmp_path / "other")] == [STEPS]
