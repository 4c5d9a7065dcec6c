"""What each of several processes does in ``test_validation``; in a module of its own so that it can be spawned."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from torch import distributed

from lightning_modules.focus.config import FocusConfig
from lightning_modules.focus.lightning_model import FocusModule


def validated(config: FocusConfig, batches: list[dict[str, Any]]) -> dict[str, float]:
    """Return the scores of some batches, gathered over the processes if there are several."""
    torch.manual_seed(0)
    module = FocusModule(config).eval()
    with torch.no_grad():  # networks that say something of their own
        for parameter in module.focus.parameters():
            parameter.add_(0.02 * torch.randn(parameter.shape))
    for number, batch in enumerate(batches):
        module.validation_step(batch, number)
    return module.validation.compute()


def rank_main(rank: int, config: FocusConfig, shares: list[list[dict[str, Any]]], folder: str) -> None:
    distributed.init_process_group("gloo", init_method=f"file://{folder}/rendezvous", rank=rank, world_size=len(shares))
    torch.save(validated(config, shares[rank]), Path(folder) / f"{rank}.pt")
    distributed.destroy_process_group()
