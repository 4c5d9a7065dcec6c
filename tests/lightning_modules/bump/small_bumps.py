"""Faces of a few pixels whose shading is that of a known bump, for Lightning."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytorch_lightning as pl
import torch
from torch import Tensor

from datamodules.sampler import KeyedBatchSampler, ResumableLoader, as_key
from lightning_modules.bump.config import (
    BumpConfig,
    BumpLossConfig,
    TranslatorConfig,
)
from lightning_modules.training_config import OptimiserConfig, ScheduleConfig

SIZE = 24


def small_config(**changes: Any) -> BumpConfig:
    settings: dict[str, Any] = {
        "translator": TranslatorConfig(width=8, depth=3, padding=1, small_output=True),
        "loss": BumpLossConfig(region="face", unit="mm"),
        "optimiser": OptimiserConfig("adamw", 2e-3, shape="cosine", clip_norm=1.0),
        "schedule": ScheduleConfig(epochs=None, steps=6),
        "baseline_images": 8,
    }
    return BumpConfig(**{**settings, **changes})


def sample(seed: int, index: int, size: int = SIZE) -> dict[str, Any]:
    """Return a smooth random bump on a disc, and an image that is darker the deeper it is."""
    generator = torch.Generator().manual_seed(1000 * seed + index)
    rows, columns = torch.meshgrid(*[torch.linspace(-1, 1, size)] * 2, indexing="ij")
    bump = torch.zeros(size, size)
    for _ in range(4):
        x, y, phase, height = torch.rand(4, generator=generator)
        bump += (height - 0.3) * torch.cos(9 * x * columns + 9 * y * rows + 6 * phase)
    mask = (rows**2 + columns**2 < 0.8).float()
    image = (0.5 + 0.15 * bump).clamp(0, 1).expand(3, -1, -1) * mask
    return {
        "image": image.contiguous(),
        "mask": mask[None],
        "bump": (bump * mask)[None],
        "depth": (600 + 20 * rows * columns)[None],
        "landmarks": torch.zeros(68, 2),
        "id": f"face-{seed}-{index}",
        "identity": torch.tensor(index // 2),
        "focal": torch.tensor(60.0),
    }


def batch_of(count: int, seed: int = 0, size: int = SIZE) -> dict[str, Any]:
    samples = [sample(seed, index, size) for index in range(count)]
    first = samples[0]
    return {
        key: torch.stack([one[key] for one in samples])
        if isinstance(first[key], Tensor)
        else [one[key] for one in samples]
        for key in first
    }


@dataclass
class SmallBumpsConfig:
    """Discs."""

    size: int = 8
    """Training images."""
    batch_size: int = 4
    """Images a step."""
    seed: int = 1
    """Of training."""


class _Faces(torch.utils.data.Dataset):
    def __init__(self, seed: int, count: int) -> None:
        self.seed, self.count = seed, count

    def __len__(self) -> int:
        return self.count

    def __getitem__(self, key: Any) -> dict[str, Any]:
        return sample(self.seed, as_key(key).index)


class SmallBumps(pl.LightningDataModule):
    def __init__(self, config: SmallBumpsConfig) -> None:
        super().__init__()
        self.config = config

    def set_name(self, split: str) -> str:
        return f"discs {split}"

    def _loader(self, seed: int, count: int, shuffle: bool) -> ResumableLoader:
        sampler = KeyedBatchSampler(count, self.config.batch_size, seed=0, shuffle=shuffle, drop_last=shuffle)
        return ResumableLoader(_Faces(seed, count), sampler)

    def train_dataloader(self) -> ResumableLoader:
        return self._loader(self.config.seed, self.config.size, True)

    def val_dataloader(self) -> ResumableLoader:
        return self._loader(901, 6, False)

    def test_dataloader(self) -> ResumableLoader:
        return self._loader(902, 6, False)
