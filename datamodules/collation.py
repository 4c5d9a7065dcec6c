"""How samples become a batch."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sized
from typing import Any, cast

import numpy as np
import torch
from torch import Tensor


def collate(samples: Iterable[Mapping[str, Any]] | Mapping[str, Any], count: int | None = None) -> dict[str, Any]:
    """Stack samples to a batch: tensors gain a leading B, strings become lists.

    A mapping is taken for a batch that a data set has put together itself (``__getitems__``) and is returned as it is.

    Args:
        samples: one after the other; each goes into the batch as it comes, so that its memory serves the next one.
        count: how many samples there are at most; needed where ``samples`` has no length.

    Raises:
        ValueError: there is no sample; or they do not all have the same keys, shapes and types; the message names the
            sample; or there are more than ``count``.
        TypeError: samples without a length and without ``count``.
    """
    if isinstance(samples, Mapping):
        return dict(cast("Mapping[str, Any]", samples))
    if count is None:
        if not isinstance(samples, Sized):
            raise TypeError("samples without a length need a count")
        count = len(samples)
    batch: dict[str, Any] = {}
    names: list[str] = []
    for number, sample in enumerate(samples):
        names.append(str(sample.get("id", number)))
        if number == count:
            raise ValueError(f"sample {names[-1]!r} is one more than the {count} that were to come")
        if not batch:
            batch = _room(sample, count)
        _add(batch, sample, number, (names[-1], names[0]), "")
    if not names:
        raise ValueError("cannot collate an empty list of samples")
    return batch if len(names) == count else _first(batch, len(names))


def _room(sample: Mapping[str, Any], count: int) -> dict[str, Any]:
    """Return a batch to be filled with ``count`` samples that are like this one."""
    room: dict[str, Any] = {}
    for key, value in sample.items():
        if isinstance(value, Mapping):
            room[key] = _room(value, count)
        elif isinstance(value, Tensor):
            # NumPy asks the system for huge pages, PyTorch does not: to be given the memory of a batch of photos in
            # small pages can take longer than to fill it.
            memory = torch.from_numpy(np.empty(count * value.nbytes, dtype=np.uint8))
            room[key] = (
                memory.view(value.dtype).view(count, *value.shape) if value.nbytes else torch.stack([value] * count)
            )
        else:
            room[key] = []
    return room


def _add(batch: dict[str, Any], sample: Mapping[str, Any], number: int, names: tuple[str, str], prefix: str) -> None:
    name, first = names
    if sample.keys() != batch.keys():
        different = ", ".join(sorted(prefix + key for key in sample.keys() ^ batch.keys()))
        raise ValueError(f"sample {name!r} and sample {first!r} do not both have: {different}")
    for key, value in sample.items():
        if _kind(value) is not _ROOMS[type(batch[key])]:
            raise ValueError(f"{prefix}{key} of sample {name!r} is of another kind than that of sample {first!r}")
        if isinstance(value, Mapping):
            _add(batch[key], value, number, names, f"{prefix}{key}.")
        elif isinstance(value, Tensor):
            if value.shape != batch[key].shape[1:] or value.dtype != batch[key].dtype:
                raise ValueError(
                    f"{prefix}{key} of sample {name!r} has shape {tuple(value.shape)} and type {value.dtype}, "
                    f"that of sample {first!r} has {tuple(batch[key].shape[1:])} and {batch[key].dtype}"
                )
            batch[key][number] = value
        else:
            batch[key].append(value)


def _kind(value: Any) -> type:
    return Mapping if isinstance(value, Mapping) else Tensor if isinstance(value, Tensor) else object


_ROOMS = {dict: Mapping, Tensor: Tensor, list: object}
"""What a batch keeps values in -> their kind."""


def _first(batch: dict[str, Any], count: int) -> dict[str, Any]:
    """Return the first samples of a batch; its lists have no more."""
    return {key: _first(value, count) if isinstance(value, dict) else value[:count] for key, value in batch.items()}
