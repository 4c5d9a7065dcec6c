"""One row per image, gathered from all processes, from which every table of an evaluation is derived."""

from __future__ import annotations

import torch
from torch import Tensor
from torchmetrics import Metric


class PerImageTable(Metric):
    """Collect named values per image, synchronised over processes, with no image counted twice.

    Means, medians, paired differences and confidence intervals all come from the same rows, so they cannot disagree.

    Args:
        columns: names of the values; each is a (B,) or (B, K) tensor at every update.
    """

    full_state_update = False
    index: list[Tensor]

    def __init__(self, columns: list[str]) -> None:
        super().__init__()
        self.columns = list(columns)
        self.add_state("index", default=[], dist_reduce_fx="cat")
        for name in self.columns:
            self.add_state(f"column_{name}", default=[], dist_reduce_fx="cat")

    def update(self, index: Tensor, **values: Tensor) -> None:
        """Add rows: ``index`` (B,) numbers the samples of the data set; ``values`` holds one tensor per column."""
        if set(values) != set(self.columns):
            raise ValueError(f"columns {sorted(values)} given, expected {sorted(self.columns)}")
        self.index.append(index.detach().long())
        for name, value in values.items():
            if len(value) != len(index):
                raise ValueError(f"column {name} has {len(value)} rows, expected {len(index)}")
            getattr(self, f"column_{name}").append(value.detach())

    def compute(self) -> dict[str, Tensor]:
        """Return ``index`` and every column, sorted by index, each index once."""
        index = _joined(self.index)
        order = torch.argsort(index, stable=True)
        order = order[torch.cat([torch.ones(1, dtype=torch.bool), index[order].diff().cpu() != 0])[: len(order)]]
        columns = {name: _joined(getattr(self, f"column_{name}"))[order] for name in self.columns}
        return {"index": index[order], **columns}


def _joined(state: list[Tensor] | Tensor) -> Tensor:
    if isinstance(state, Tensor):
        return state
    return torch.cat(state) if state else torch.zeros(0)
