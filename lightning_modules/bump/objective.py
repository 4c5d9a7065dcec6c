"""What a step minimises: Eq. 5 of the bump map, and of the mask where the network has a head for it."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from lightning_modules.bump.config import BumpLossConfig
from seethrough.losses.bump import bump_loss
from seethrough.networks.bump_translator import Translation, network_units
from seethrough.precision import in_full_precision


class BumpObjective:
    """Weighted terms of a batch by name.

    Args:
        config: form and weights.
    """

    def __init__(self, config: BumpLossConfig) -> None:
        self.config = config

    def __call__(self, translation: Translation, batch: dict[str, Any]) -> dict[str, Tensor]:
        """Return () terms whose sum is the loss; ``batch`` has ``bump`` (B, 1, H, W) in mm and ``mask``."""
        config = self.config
        inside = (batch["mask"] > 0.5).to(batch["bump"])
        # The background of a bump map is the code of 0 (Eq. 3), whatever lies there in the data.
        true = torch.where(inside > 0, batch["bump"], torch.zeros_like(batch["bump"]))
        predicted = translation.bump
        if config.unit == "network":
            predicted, true = network_units(predicted), network_units(true)
        terms = _terms(predicted, true, inside if config.region == "face" else None, config.gradient)
        if translation.mask is not None:  # also at weight 0: DDP waits for every parameter's gradient
            of_mask = _terms(translation.mask, inside, None, config.gradient)
            terms |= {f"mask_{name}": config.mask * value for name, value in of_mask.items()}
        return terms


@in_full_precision
def _terms(predicted: Tensor, true: Tensor, mask: Tensor | None, gradient: float) -> dict[str, Tensor]:
    loss = bump_loss(predicted, true, mask)
    return {"difference": loss.difference} | ({"gradient": gradient * loss.gradient} if gradient else {})
