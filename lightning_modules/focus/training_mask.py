"""The mask that an encoder's pixel loss sees: the segmentation network's, or what stands in for it."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from lightning_modules.focus.config import FocusConfig
from lightning_modules.focus.torch_model import Focus
from seethrough.errors import SeethroughError
from seethrough.fitting.skin_colour import skin_colour_mask
from seethrough.losses import preliminary_mask
from seethrough.rendering import FaceRendering


def training_mask(config: FocusConfig, focus: Focus, rendering: FaceRendering, batch: dict[str, Any]) -> Tensor:
    """Return the (B, 1, H, W) mask in [0, 1] that ``config.mask`` names, inside the rendered face.

    Raises:
        SeethroughError: true masks that the data do not have.
    """
    image, kind = batch["image"], config.mask
    if kind == "none":
        return rendering.mask
    if kind == "truth":
        return rendering.mask * true_mask(batch, "model.mask=truth")
    if kind == "preliminary":
        return preliminary_mask(image, rendering.image, rendering.mask, config.loss.threshold)
    if kind == "skin":
        # What is likely skin counts in full, the rest by how likely it is (Deep3D, Deng et al. 2019).
        likely = skin_colour_mask(image)
        return rendering.mask * torch.where(likely > 0.5, torch.ones_like(likely), likely)
    with torch.set_grad_enabled(config.loss.mask_gradient):
        return focus.visible_face(rendering, image)


def true_mask(batch: dict[str, Any], setting: str) -> Tensor:
    """Return the true mask; raises ``SeethroughError`` that names ``setting`` where data have none."""
    if "mask" not in batch:
        raise SeethroughError(f"{setting} needs true masks: use synthetic data, or another setting")
    return batch["mask"]
