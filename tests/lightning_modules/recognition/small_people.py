"""People whose bump maps are a pattern of their own under noise, for Lightning."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pytorch_lightning as pl
import torch

from datamodules.sampler import KeyedBatchSampler, ResumableLoader, as_key
from lightning_modules.recognition.config import AlexNetConfig, RecognitionConfig
from lightning_modules.training_config import OptimiserConfig, ScheduleConfig

SIZE = 40
EACH = 4


def small_config(**changes: Any) -> RecognitionConfig:
    settings: dict[str, Any] = {
        "network": AlexNetConfig(
            width=0.15, hidden=[24, 16], kernel=5, stride=2, image_size=36, field=1.0, margin=40 / 36
        ),
        "optimiser": OptimiserConfig("adamw", 3e-3, shape="cosine"),
        "schedule": ScheduleConfig(epochs=None, steps=6),
    }
    return RecognitionConfig(**{**settings, **changes})


def sample(seed: int, index: int) -> dict[str, Any]:
    """Return one picture of person ``index // 4``: a smooth pattern, a little moved and scaled, under noise."""
    person, noise = (torch.Generator().manual_seed(1000 * seed + number) for number in (index // EACH, 500 + index))
    coarse = torch.randn(1, 1, 6, 6, generator=person)
    pattern = torch.nn.functional.interpolate(coarse, (SIZE + 4, SIZE + 4), mode="bicubic")[0]
    y, x = torch.randint(5, (2,), generator=noise).tolist()
    bump = pattern[:, y : y + SIZE, x : x + SIZE] * (0.8 + 0.4 * torch.rand(1, generator=noise))
    bump = bump + 0.3 * torch.randn(1, SIZE, SIZE, generator=noise)
    # Numbers with gaps, as those of photos of which some are left out.
    return {"bump": bump, "mask": torch.ones(1, SIZE, SIZE), "id": f"{seed}-{index}",
            "identity": torch.tensor(10 * seed + 3 * (index // EACH))}  # fmt: skip


@dataclass
class SmallPeopleConfig:
    """People."""

    size: int = 16
    """Training pictures."""
    batch_size: int = 8
    """Pictures a step."""
    seed: int = 1
    """Of training."""
    tested: int = 16
    """Pictures for validation, and for the test."""


class _Faces(torch.utils.data.Dataset):
    def __init__(self, seed: int, count: int) -> None:
        self.seed, self.count = seed, count

    def __len__(self) -> int:
        return self.count

    def __getitem__(self, key: Any) -> dict[str, Any]:
        return sample(self.seed, as_key(key).index)


class SmallPeople(pl.LightningDataModule):
    def __init__(self, config: SmallPeopleConfig) -> None:
        super().__init__()
        self.config = config

    def people(self, split: str) -> np.ndarray:
        return np.array([10 * self.config.seed + 3 * number for number in range(self.config.size // EACH)])

    def set_name(self, split: str) -> str:
        return f"patterns {split}"

    def _loader(self, seed: int, count: int, shuffle: bool) -> ResumableLoader:
        sampler = KeyedBatchSampler(count, self.config.batch_size, seed=0, shuffle=shuffle, drop_last=shuffle)
        return ResumableLoader(_Faces(seed, count), sampler)

    def train_dataloader(self) -> ResumableLoader:
        return self._loader(self.config.seed, self.config.size, True)

    def val_dataloader(self) -> ResumableLoader:
        return self._loader(901, self.config.tested, False)

    def test_dataloader(self) -> ResumableLoader:
        return self._loader(902, self.config.tested, False)
