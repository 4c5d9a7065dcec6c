"""A data set of PNG files as one writes it without any framework."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor
from torch.utils.data import DataLoader, Dataset


class PlainPictures(Dataset):
    """Pictures with their masks, one file each, decoded by Pillow.

    Args:
        folder: where they are written first, and read from.
        images: (N, 3, H, W) in [0, 1].
        masks: (N, 1, H, W), 0 or 1.
    """

    def __init__(self, folder: Path, images: Tensor, masks: Tensor) -> None:
        self.folder, self.count = folder, len(images)
        folder.mkdir(parents=True, exist_ok=True)
        for number in range(self.count):
            image = (images[number].permute(1, 2, 0) * 255).round().byte().numpy()
            Image.fromarray(image).save(self._file(number, "image"))
            Image.fromarray((masks[number, 0] * 255).byte().numpy()).save(self._file(number, "mask"))

    def __len__(self) -> int:
        return self.count

    def __getitem__(self, number: int) -> dict[str, Tensor]:
        image = np.array(Image.open(self._file(number, "image")), np.float32) / 255
        mask = np.array(Image.open(self._file(number, "mask")), np.float32) / 255
        return {"image": torch.from_numpy(image).permute(2, 0, 1), "mask": torch.from_numpy(mask)[None]}

    def _file(self, number: int, kind: str) -> Path:
        return self.folder / f"{number:04d}_{kind}.png"


def batches_of(pictures: PlainPictures, batch: int) -> Callable[[], dict[str, Tensor]]:
    """Return a function that gives one shuffled batch after the other."""
    loader = DataLoader(pictures, batch, shuffle=True)

    def endless() -> Iterator[dict[str, Tensor]]:
        while True:
            yield from loader

    batches = endless()
    return lambda: next(batches)
