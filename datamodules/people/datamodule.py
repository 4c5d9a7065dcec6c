"""Rendered people for Lightning: bump maps and who they show."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch.utils.data import Dataset

from datamodules.detail.datamodule import DetailDataModule
from datamodules.people.config import PeopleConfig
from datamodules.sampler import SampleKey, as_key
from datamodules.synthetic.dataset import PoolDataset
from datamodules.synthetic.pool_spec import PoolSpec
from seethrough.details.bump_encoding import decode_bump
from seethrough.errors import SeethroughError
from seethrough.morphable import ParameterSizes


def as_batch(rows: dict[str, np.ndarray], index: list[int], spec: PoolSpec, sizes: ParameterSizes) -> dict[str, Any]:
    """Turn rows of a pool into a collated batch of what recognition reads of a :class:`~datamodules.sample.Sample`."""
    size, count = spec.scene.image_size, len(index)
    bits = np.unpackbits(rows["mask"], axis=1, count=size * size)
    return {
        "mask": torch.from_numpy(bits).view(count, 1, size, size).float(),
        "bump": torch.from_numpy(decode_bump(rows["bump"]))[:, None],
        "id": [spec.sample_id(row) for row in index],
        "identity": torch.tensor([spec.person(row) for row in index], dtype=torch.int64),
    }


class PeopleDataset(PoolDataset):
    """Bump maps of a finished pool; its pictures stay on the disk.

    Args:
        folder: of the pool.
        spec: what it holds.
        bumps: ``.npy`` of (N, S, S) uint16 codes in the place of the true bumps; empty for the true ones.
    """

    batch = staticmethod(as_batch)

    def __init__(self, folder: str | Path, spec: PoolSpec, bumps: str = "") -> None:
        self.bumps = bumps
        super().__init__(folder, spec)

    def __getstate__(self) -> dict[str, Any]:
        """Loader processes map the files again."""
        return {**super().__getstate__(), "bumps": self.bumps}

    def _open(self) -> None:
        """Map the pool, and the bump maps that stand in the place of its own."""
        super()._open()
        if not self.bumps:
            return
        try:
            codes = np.load(self.bumps, mmap_mode="r", allow_pickle=False)
        except (OSError, ValueError) as error:
            raise SeethroughError(f"{self.bumps}: cannot be read as bump maps ({error}); correct data.bumps") from None
        own = self._columns["bump"]
        if codes.shape != own.shape or codes.dtype != own.dtype:
            raise SeethroughError(
                f"{self.bumps}: {codes.shape} {codes.dtype}, the pool has {own.shape} {own.dtype}; make it of this pool"
            )
        self._columns = {**self._columns, "bump": codes}

    def __getitems__(self, keys: Sequence[SampleKey | tuple[int, int] | int]) -> dict[str, Any]:
        """Return a ready batch."""
        index = [as_key(key).index for key in keys]
        rows = {name: self._columns[name][index] for name in ("mask", "bump")}
        return self.batch(rows, index, self.spec, self.layout.sizes)


class PeopleDataModule(DetailDataModule):
    """People with a relief of their own, each in several pictures with other pose, expression and light.

    Batches have ``bump`` in mm towards the camera, ``mask``, ``identity`` and ``id``. Pools are those of
    ``data/detail`` with the same settings; their pictures are there for other commands.
    """

    config: PeopleConfig

    def people(self, split: str) -> np.ndarray:
        """Return the (K,) numbers of the people of a split."""
        return np.arange(self.spec(split).people)

    def set_name(self, split: str) -> str:
        """Return what tells the faces of a split from all others; renders nothing."""
        return super().set_name(split) + (f" with the bumps of {self.config.bumps}" if self.config.bumps else "")

    def dataset(self, split: str) -> Dataset:
        """Return the data set of a split, rendering its pool if that is not there."""
        if split not in self._sets:
            bumps = str(Path(self.config.bumps) / f"{split}.npy") if self.config.bumps else ""
            self._sets[split] = PeopleDataset(self._pool(split), self.spec(split), bumps)
        return self._sets[split]
