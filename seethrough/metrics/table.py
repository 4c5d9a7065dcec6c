"""One row per image, gathered from all processes, from which every table of an evaluation is derived."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, distributed
from torchmetrics import Metric

_TEXT_BYTES = 96


@dataclass(frozen=True)
class Column:
    """What a column holds per image: ``shape`` () for one value, (K,) for K of them."""

    dtype: torch.dtype = torch.float32
    shape: tuple[int, ...] = ()


WHOLE = Column(torch.int64)
TEXT = Column(torch.uint8, (_TEXT_BYTES,))


class PerImageTable(Metric):
    """Collect named values per image, synchronised over processes, with no image counted twice.

    Means, medians, paired differences and confidence intervals all come from the same rows, so they cannot disagree.
    A process without a single image takes part with no rows.

    Args:
        columns: names of the values, with their kind where it is not one float.
    """

    full_state_update = False
    index: list[Tensor]

    def __init__(self, columns: Iterable[str] | Mapping[str, Column]) -> None:
        super().__init__()
        self.columns = dict(columns) if isinstance(columns, Mapping) else {name: Column() for name in columns}
        self.add_state("index", default=[], dist_reduce_fx="cat")
        for name in self.columns:
            self.add_state(f"column_{name}", default=[], dist_reduce_fx="cat")

    def update(self, index: Tensor, **values: Tensor) -> None:
        """Add rows: ``index`` (B,) numbers the samples of the data set; ``values`` holds one tensor per column."""
        if values.keys() != self.columns.keys():
            raise ValueError(f"columns {sorted(values)} given, expected {sorted(self.columns)}")
        for name, value in values.items():
            wanted = (len(index), *self.columns[name].shape)
            if tuple(value.shape) != wanted:
                raise ValueError(f"column {name} has shape {tuple(value.shape)}, expected {wanted}")
        self.index.append(index.detach().long())
        for name, value in values.items():
            getattr(self, f"column_{name}").append(value.detach().to(self.columns[name].dtype))

    def sync(self, *arguments, **keywords) -> None:
        """Gather the rows of all processes; one that has none sends none, of the shape that the others send."""
        if not self.index:
            self.no_rows(_device_of_processes())
        super().sync(*arguments, **keywords)

    def no_rows(self, device: torch.device) -> None:
        """Put an empty tensor of the right kind into every state."""
        self.index = [torch.zeros(0, dtype=torch.int64, device=device)]
        for name, column in self.columns.items():
            empty = torch.zeros((0, *column.shape), dtype=column.dtype, device=device)
            setattr(self, f"column_{name}", [empty])

    def compute(self) -> dict[str, Tensor]:
        """Return ``index`` and every column, sorted by index, each index once."""
        return self.rows()

    def gathered(self) -> dict[str, Tensor]:
        """Return what :meth:`compute` does, in its own shapes: torchmetrics makes scalars of the columns of one row."""
        kinds = {"index": WHOLE, **self.columns}
        return {name: values.reshape(-1, *kinds[name].shape) for name, values in self.compute().items()}

    def rows(self) -> dict[str, Tensor]:
        """Return the rows that are here: all of them inside :meth:`compute`, which gathers them."""
        index = joined(self.index, WHOLE)
        order = torch.argsort(index, stable=True)
        first = torch.ones(len(order), dtype=torch.bool, device=order.device)
        first[1:] = index[order].diff() != 0
        order = order[first]
        columns = {name: joined(getattr(self, f"column_{name}"), kind)[order] for name, kind in self.columns.items()}
        return {"index": index[order], **columns}


def numbered(names: Sequence[str], device: torch.device | str = "cpu") -> Tensor:
    """Return (B,) int64 numbers of names, so that a sample is known again whichever process saw it."""
    digests = [hashlib.blake2b(name.encode(), digest_size=8).digest() for name in names]
    return torch.tensor([int.from_bytes(digest, "big") >> 1 for digest in digests], dtype=torch.int64, device=device)


def text_rows(words: Sequence[str], device: torch.device | str = "cpu") -> Tensor:
    """Return words as (B, 96) bytes for a ``TEXT`` column; the end of a longer word becomes a digest of it."""
    rows = bytearray()
    for word in words:
        encoded = word.encode()
        if len(encoded) > _TEXT_BYTES:
            encoded = encoded[: _TEXT_BYTES - 16] + hashlib.blake2b(encoded, digest_size=8).hexdigest().encode()
        rows += encoded.ljust(_TEXT_BYTES, b"\0")
    flat = torch.frombuffer(rows, dtype=torch.uint8) if rows else torch.zeros(0, dtype=torch.uint8)
    return flat.view(len(words), _TEXT_BYTES).to(device)


def words_of(rows: Tensor) -> list[str]:
    """Return the words of a ``TEXT`` column."""
    return [bytes(row).rstrip(b"\0").decode(errors="replace") for row in rows.cpu().numpy()]


def joined(state: list[Tensor] | Tensor, kind: Column) -> Tensor:
    """Return a state in one tensor: a list where it grew, a tensor where it was gathered."""
    if isinstance(state, Tensor):
        return state
    return torch.cat(state) if state else torch.zeros((0, *kind.shape), dtype=kind.dtype)


def _device_of_processes() -> torch.device:
    """Return where tensors must lie to be gathered: NCCL takes only those on its process's GPU."""
    if distributed.is_initialized() and distributed.get_backend() == "nccl":
        return torch.device("cuda", torch.cuda.current_device())
    return torch.device("cpu")
