"""Batches keyed by (seed, epoch, rank, world), and a loader that resumes in the middle of an epoch."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
from torch.utils.data import DataLoader, Dataset, Sampler

from datamodules.collation import collate
from seethrough.processors import usable_cores


class SampleKey(NamedTuple):
    """What a data set is asked for: all randomness of a sample comes from (seed of the data set, epoch, index)."""

    epoch: int
    index: int


def as_key(key: SampleKey | tuple[int, int] | int) -> SampleKey:
    """Read ``dataset[7]`` as sample 7 of epoch 0, so that a data set can be looked at by hand."""
    if isinstance(key, tuple):
        return SampleKey(int(key[0]), int(key[1]))
    return SampleKey(0, int(key))


class KeyedBatchSampler(Sampler[list[SampleKey]]):
    """Deal the indices of one epoch out to the ranks in batches, as a pure function of its arguments and the epoch.

    All ranks draw the same permutation from (seed, epoch); global batch ``k`` is the k-th run of ``batch_size * world``
    indices, of which each rank takes its own ``batch_size``. So the position in an epoch is one number for all ranks.

    Args:
        length: the number of samples in the data set.
        batch_size: samples per batch and rank.
        seed: of the permutation.
        rank: of this process.
        world: the number of processes.
        shuffle: permute; otherwise the indices come in order.
        drop_last: leave out the last, incomplete global batch. Otherwise every index is dealt out exactly once, none
            twice, and the ranks may get different numbers of samples.
    """

    def __init__(
        self,
        length: int,
        batch_size: int,
        *,
        seed: int = 0,
        rank: int = 0,
        world: int = 1,
        shuffle: bool = True,
        drop_last: bool = True,
    ) -> None:
        if batch_size < 1 or length < 0 or not 0 <= rank < world:
            raise ValueError(f"impossible sampler: length {length}, batch_size {batch_size}, rank {rank} of {world}")
        self.length, self.batch_size, self.seed = length, batch_size, seed
        self.rank, self.world, self.shuffle, self.drop_last = rank, world, shuffle, drop_last
        self.epoch = 0
        self.first_batch = 0

    def set_epoch(self, epoch: int) -> None:
        """Choose the epoch of the next iteration (Lightning calls this)."""
        self.epoch = int(epoch)

    def indices(self, epoch: int) -> np.ndarray:
        """Return (length,) indices in the order in which ``epoch`` visits them, all ranks together."""
        if not self.shuffle:
            return np.arange(self.length)
        return np.random.default_rng(np.random.SeedSequence(self.seed, spawn_key=(epoch,))).permutation(self.length)

    @property
    def sampler(self) -> KeyedBatchSampler:
        """Lightning looks for ``set_epoch`` at ``loader.batch_sampler.sampler``."""
        return self

    def __len__(self) -> int:
        """Count the batches of a whole epoch on this rank."""
        together = self.batch_size * self.world
        full, rest = divmod(self.length, together)
        if self.drop_last:
            return full
        return full + int(rest > self.rank * self.batch_size)

    def __iter__(self) -> Iterator[list[SampleKey]]:
        return iter(self.batches(self.epoch, self.first_batch))

    def batches(self, epoch: int, first: int = 0) -> list[list[SampleKey]]:
        """Return the keys of this rank's batches of ``epoch``, from the ``first`` one on."""
        order = self.indices(epoch)
        together = self.batch_size * self.world
        starts = [batch * together + self.rank * self.batch_size for batch in range(first, len(self))]
        return [[SampleKey(epoch, int(index)) for index in order[at : at + self.batch_size]] for at in starts]


def no_batch(what: str, batch_size: int, world: int) -> str:
    """Say that ``what`` there is does not fill one batch of each of ``world`` processes."""
    each = f" in each of {world} processes" if world > 1 else ""
    return f"{what}, and a step takes data.batch_size={batch_size}{each}: lower it"


class ResumableLoader(DataLoader):
    """A ``DataLoader`` over a :class:`KeyedBatchSampler` whose position can be saved and restored exactly.

    The state is ``{"epoch", "batches"}``: batches that have been handed out in that epoch. It is the same on every
    rank, because Lightning saves the state of rank 0 only. A restored position is used only for the epoch that it was
    taken in: a checkpoint written after the last batch of an epoch must not empty the next one.
    """

    def __init__(self, dataset: Dataset, batch_sampler: KeyedBatchSampler, **options: Any) -> None:
        options.setdefault("collate_fn", collate)
        # More processes than cores or batches only cost their start; which samples come does not depend on them.
        workers = min(options.get("num_workers", 0), usable_cores(), max(len(batch_sampler), 1))
        options["num_workers"] = workers
        super().__init__(dataset, batch_sampler=batch_sampler, **options)
        self.keyed = batch_sampler
        self._epoch = 0
        self._batches = 0
        self._restored: tuple[int, int] | None = None

    def set_epoch(self, epoch: int) -> None:
        """Choose the epoch of the next iteration."""
        self.keyed.set_epoch(epoch)

    def first_samples(self, count: int) -> dict[str, Any]:
        """Return the first samples of this process as a batch; a look starts no loader processes."""
        keys = next(iter(self.keyed.batches(0)), [])[:count]
        many = getattr(self.dataset, "__getitems__", None)
        return collate([self.dataset[key] for key in keys] if many is None else many(keys))

    def state_dict(self) -> dict[str, int]:
        """Return the position, in plain numbers that hold for every rank."""
        return {"epoch": self._epoch, "batches": self._batches}

    def load_state_dict(self, state: dict[str, int]) -> None:
        """Take up a saved position; the next iteration of that epoch starts behind it."""
        self._restored = (int(state["epoch"]), int(state["batches"]))
        self._epoch, self._batches = self._restored

    def __iter__(self) -> Iterator[Any]:
        epoch, first = self.keyed.epoch, 0
        if self._restored is not None:
            saved_epoch, batches = self._restored
            self._restored = None
            first = batches if saved_epoch == epoch else 0
        self._epoch, self._batches = epoch, first
        self.keyed.first_batch = first
        for batch in super().__iter__():
            # Counted before it is handed out: the state is saved while the trainer still holds this batch.
            self._batches += 1
            yield batch
