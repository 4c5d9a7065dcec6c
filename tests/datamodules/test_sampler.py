from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import pytorch_lightning as pl
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor, nn
from torch.utils.data import Dataset

from datamodules.sampler import KeyedBatchSampler, ResumableLoader, SampleKey, as_key


class Keys(Dataset):
    """Yields what it was asked for, and noise that depends on nothing else."""

    def __len__(self) -> int:
        return 22

    def __getitem__(self, key: SampleKey) -> dict[str, Any]:
        generator = torch.Generator().manual_seed(1000 * key.epoch + key.index)
        return {"key": torch.tensor(key), "noise": torch.randn(3, generator=generator)}


def keys(loader: ResumableLoader, count: int | None = None) -> list[list[list[int]]]:
    seen = []
    for number, batch in enumerate(loader):
        if number == count:
            break
        seen.append(batch["key"].tolist())
    return seen


@given(
    length=st.integers(0, 60),
    batch=st.integers(1, 7),
    world=st.integers(1, 4),
    shuffle=st.booleans(),
    drop=st.booleans(),
    epoch=st.integers(0, 5),
)
def test_every_index_goes_to_exactly_one_rank(
    length: int, batch: int, world: int, shuffle: bool, drop: bool, epoch: int
) -> None:
    dealt = []
    for rank in range(world):
        sampler = KeyedBatchSampler(length, batch, seed=5, rank=rank, world=world, shuffle=shuffle, drop_last=drop)
        sampler.set_epoch(epoch)
        batches = list(sampler)
        assert len(batches) == len(sampler)
        assert all(key.epoch == epoch for one in batches for key in one)
        dealt += [key.index for one in batches for key in one]
    assert len(set(dealt)) == len(dealt)
    expected = length // (batch * world) * (batch * world) if drop else length
    assert len(dealt) == expected


def test_the_order_is_a_function_of_seed_and_epoch() -> None:
    sampler = KeyedBatchSampler(50, 5, seed=1)
    first = list(sampler)
    assert list(sampler) == first
    sampler.set_epoch(1)
    assert [key.index for one in sampler for key in one] != [key.index for one in first for key in one]
    assert list(KeyedBatchSampler(50, 5, seed=2)) != first


def test_impossible_settings_are_refused() -> None:
    with pytest.raises(ValueError, match="rank 2 of 2"):
        KeyedBatchSampler(10, 2, rank=2, world=2)


def test_a_number_is_a_sample_of_the_first_epoch() -> None:
    assert as_key(7) == SampleKey(0, 7)
    assert as_key((2, 7)) == SampleKey(2, 7)


@pytest.mark.parametrize("cut", [0, 1, 4, 10])
def test_a_restored_loader_goes_on_where_it_stopped(cut: int) -> None:
    def loader() -> ResumableLoader:
        made = ResumableLoader(Keys(), KeyedBatchSampler(22, 2, seed=3))
        made.set_epoch(2)
        return made

    whole = keys(loader())
    cut_short = loader()
    batches = iter(cut_short)
    for _ in range(cut):
        next(batches)
    state = cut_short.state_dict()
    assert state == {"epoch": 2 if cut else 0, "batches": cut}
    resumed = loader()
    resumed.load_state_dict(state)
    assert keys(resumed) == whole[cut:]
    # The position is used once: the epoch after it is a whole one.
    resumed.set_epoch(3)
    assert len(keys(resumed)) == 11


def test_a_position_at_the_end_of_an_epoch_does_not_empty_the_next() -> None:
    loader = ResumableLoader(Keys(), KeyedBatchSampler(22, 2, seed=3))
    loader.load_state_dict({"epoch": 0, "batches": 11})
    loader.set_epoch(1)
    assert len(keys(loader)) == 11


class Sum(pl.LightningModule):
    """Its weight is a function of every batch it saw, in order."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(3, dtype=torch.float64))
        self.seen: list[list[list[int]]] = []

    def training_step(self, batch: dict[str, Tensor], number: int) -> Tensor:
        self.seen.append(batch["key"].tolist())
        return ((self.weight - batch["noise"].double().sum(0)) ** 2 * (1 + self.weight.detach() ** 2)).sum()

    def configure_optimizers(self) -> torch.optim.Optimizer:
        return torch.optim.SGD(self.parameters(), lr=1e-3)


class SaveAt(pl.Callback):
    """Saves in the middle of training, as a checkpoint that survives a kill does."""

    def __init__(self, path: Path, step: int) -> None:
        self.path, self.step = path, step

    def on_train_batch_end(self, trainer: pl.Trainer, module: pl.LightningModule, *_: Any) -> None:
        if trainer.global_step == self.step:
            trainer.save_checkpoint(self.path)


def trainer(folder: Path, steps: int, *callbacks: pl.Callback) -> pl.Trainer:
    return pl.Trainer(
        max_steps=steps,
        callbacks=list(callbacks),
        accelerator="cpu",
        devices=1,
        logger=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        enable_checkpointing=False,
        use_distributed_sampler=False,
        default_root_dir=folder,
    )


@pytest.mark.parametrize("cut", [7, 11, 16])
def test_lightning_resumes_with_the_same_batches_and_weights(tmp_path: Path, cut: int) -> None:
    def loader() -> ResumableLoader:
        return ResumableLoader(Keys(), KeyedBatchSampler(22, 2, seed=3))

    whole = Sum()
    trainer(tmp_path, 25).fit(whole, loader())
    trainer(tmp_path, 25, SaveAt(tmp_path / "cut.ckpt", cut)).fit(Sum(), loader())
    resumed = Sum()
    trainer(tmp_path, 25).fit(resumed, loader(), ckpt_path=tmp_path / "cut.ckpt")
    assert resumed.seen == whole.seen[cut:]
    assert torch.equal(resumed.weight, whole.weight)


@pytest.mark.slow
def test_worker_processes_change_nothing() -> None:
    plain = ResumableLoader(Keys(), KeyedBatchSampler(22, 2, seed=3))
    workers = ResumableLoader(Keys(), KeyedBatchSampler(22, 2, seed=3), num_workers=2, persistent_workers=True)
    for epoch in (0, 1):
        plain.set_epoch(epoch)
        workers.set_epoch(epoch)
        assert keys(workers) == keys(plain)
    workers.set_epoch(4)
    workers.load_state_dict({"epoch": 4, "batches": 5})
    plain.set_epoch(4)
    assert keys(workers) == keys(plain)[5:]
