"""Changes of a training batch that a bump map can follow."""

from __future__ import annotations

from typing import Any

import torch

from lightning_modules.bump.config import BumpAugmentationConfig

MAPS = ("image", "mask", "bump", "depth")


def augment(config: BumpAugmentationConfig, batch: dict[str, Any], key: int) -> dict[str, Any]:
    """Return a batch with its images, and with what is known of their pixels, changed as the settings ask.

    Args:
        config: what is changed.
        batch: ``image`` (B, 3, H, W) in [0, 1] and other maps of the same pixels; it is left as it is.
        key: seed of all that is drawn.
    """
    generator = torch.Generator().manual_seed(key)
    image = batch["image"]
    count, changed = len(image), dict(batch)
    if config.flip:
        mirrored = (torch.rand(count, generator=generator) < 0.5).to(image.device)[:, None, None, None]
        for name in MAPS:
            if name in batch:
                changed[name] = torch.where(mirrored, batch[name].flip(3), batch[name])

    def factors(deviation: float, channels: int) -> torch.Tensor:
        drawn = torch.randn(count, channels, 1, 1, generator=generator)
        return torch.exp(deviation * drawn.clamp(-2.5, 2.5)).to(image)

    if config.gamma or config.exposure or config.colour:
        gain = factors(config.exposure, 1) * factors(config.colour, 3)
        changed["image"] = (gain * changed["image"].clamp(0, 1) ** factors(config.gamma, 1)).clamp(0, 1)
    return changed
