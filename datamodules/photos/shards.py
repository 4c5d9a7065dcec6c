"""WebDataset shards as a prepared folder, read: a few large tar files instead of millions of small ones.

The manifest beside the shards says at which byte of which shard a face lies, so that any one can be read at once: an
epoch is a function of its number, and can be taken up in its middle, by any number of processes.
:mod:`datamodules.photos.shard_index` says what a shard holds and writes that manifest.
"""

from __future__ import annotations

import os
from collections import OrderedDict
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from datamodules.photos.face_files import FaceFiles
from datamodules.photos.prepared_folder import PreparedFolder
from datamodules.photos.shard_place import ShardPlace
from datamodules.sampler import KeyedBatchSampler

SHARDS = "shards"
"""Key of ``preparation.json`` that lists the shards and their numbers of rows, in the order of the manifest."""
OPEN_FILES = 64
WINDOW = 8


class ShardFiles(FaceFiles):
    """Crops and masks within the shards of a folder; a process keeps the shards that it reads open.

    Args:
        folder: that the shards lie in.
        side: height and width that every crop and mask must have, px.
    """

    def __init__(self, folder: str | Path, side: int) -> None:
        super().__init__(folder, side)
        self._open: OrderedDict[str, int] = OrderedDict()

    def __getstate__(self) -> dict[str, Any]:
        """A loader process opens the shards itself."""
        return {**self.__dict__, "_open": OrderedDict()}

    def __del__(self) -> None:
        while self._open:
            os.close(self._open.popitem()[1])

    def content(self, path: str) -> bytes:
        """Return the bytes of a file, by its place in a shard."""
        place = ShardPlace.parse(path)
        if place is None:
            raise OSError(0, "the manifest names no place in a shard")
        content = os.pread(self._descriptor(place.shard), place.length, place.offset)
        if len(content) < place.length:
            raise OSError(0, "the shard is cut off")
        return content

    def _descriptor(self, shard: str) -> int:
        if shard not in self._open:
            self._open[shard] = os.open(f"{self.folder}/{shard}", os.O_RDONLY)
            if len(self._open) > OPEN_FILES:
                os.close(self._open.popitem(last=False)[1])
        self._open.move_to_end(shard)
        return self._open[shard]


class ShardBatchSampler(KeyedBatchSampler):
    """Batches whose faces come from a few shards at a time, as large and slow storage wants them.

    Shards are permuted by (seed, epoch) and opened ``window`` at a time; the faces of a window are shuffled together.
    Everything else is as in :class:`~datamodules.sampler.KeyedBatchSampler`: every face once, dealt out to the ranks,
    resumable.

    Args:
        lengths: faces of the data set in each shard, in order.
        batch_size: samples per batch and rank.
        window: how many shards are mixed.
        options: of the base class.
    """

    def __init__(self, lengths: Sequence[int], batch_size: int, *, window: int = WINDOW, **options: Any) -> None:
        super().__init__(int(sum(lengths)), batch_size, **options)
        self.starts = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
        self.window = window

    def indices(self, epoch: int) -> np.ndarray:
        """Return (length,) indices in the order in which ``epoch`` visits them, all ranks together."""
        if not self.shuffle:
            return np.arange(self.length)
        rng = np.random.default_rng(np.random.SeedSequence(self.seed, spawn_key=(epoch,)))
        shards = rng.permutation(len(self.starts) - 1)
        parts = []
        for first in range(0, len(shards), self.window):
            window = [np.arange(*self.starts[k : k + 2].tolist()) for k in shards[first : first + self.window]]
            parts.append(rng.permutation(np.concatenate(window)))
        return np.concatenate(parts) if parts else np.arange(0)


def lengths_in_shards(facts: PreparedFolder, rows: np.ndarray) -> list[int]:
    """Return how many of some rows of the manifest (sorted numbers) lie in each shard that holds any of them."""
    ends = np.cumsum([count for _, count in facts.settings[SHARDS]])
    counts = np.diff(np.searchsorted(rows, ends), prepend=0)
    return [int(count) for count in counts if count]
