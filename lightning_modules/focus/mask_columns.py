"""Scores of masks, one row per image: the run's own beside those that know less."""

from __future__ import annotations

from typing import Any, Literal

import torch
from torch import Tensor

from lightning_modules.focus.torch_model import FocusPrediction
from seethrough.fitting.skin_colour import skin_colour_mask
from seethrough.losses import preliminary_mask
from seethrough.metrics import mask_scores
from seethrough.metrics.masks import MASK_SCORES

MASKS = ("mask", "all_face", "preliminary", "skin")
REGIONS = ("own", "fixed")
MASK_COLUMNS = tuple(f"{mask}_{region}_{score}" for mask in MASKS for region in REGIONS for score in MASK_SCORES)
SOFT_COLUMNS = tuple(f"{mask}_own_{score}_soft" for mask in ("mask", "all_face") for score in MASK_SCORES)

MaskName = Literal["segmentation", "all_face", "preliminary", "skin"]


def own_mask(setting: str, has_network: bool) -> MaskName:
    """Return the mask that a run is scored with: its network's, else the one that stood in for it in training."""
    if has_network:
        return "segmentation"
    return setting if setting in ("skin", "preliminary") else "all_face"  # pyright: ignore[reportReturnType]


def mask_columns(
    prediction: FocusPrediction, batch: dict[str, Any], own_mask: MaskName, threshold: float, *, soft: bool = False
) -> dict[str, Tensor]:
    """Return the (B,) scores of all masks in all regions, NaN where data do not know them.

    Args:
        prediction: of the batch.
        batch: with the true ``mask``, where data know it.
        own_mask: the run's own.
        threshold: xi of the preliminary mask.
        soft: add those in the form of the released code.
    """
    rendering, image = prediction.rendering, batch["image"]
    masks = {
        # Inside any region that it is scored in: the true face goes beyond the rendered one.
        "all_face": torch.ones_like(rendering.mask),
        "preliminary": preliminary_mask(image, rendering.image, rendering.mask, threshold),
        "skin": skin_colour_mask(image),
    }
    own = {**masks, "skin": masks["skin"] * rendering.mask, "all_face": rendering.mask}
    masks["mask"] = prediction.mask if own_mask == "segmentation" else own[own_mask]
    truth = batch.get("truth")
    columns = dict.fromkeys(
        (*MASK_COLUMNS, *(SOFT_COLUMNS if soft else ())), torch.full((len(image),), torch.nan, device=image.device)
    )
    if soft and "mask" in batch:
        for name, mask in (("mask", masks["mask"]), ("all_face", rendering.mask)):
            scores = mask_scores(mask, batch["mask"], rendering.mask, soft=True, clamp=1)
            columns |= {f"{name}_own_{key}_soft": value.float() for key, value in scores.items()}
    for region_name, region in (("own", rendering.mask), ("fixed", truth["full_face"] if truth else None)):
        if region is not None and "mask" in batch:
            for name, mask in masks.items():
                scores = mask_scores(mask, batch["mask"], region)
                columns |= {f"{name}_{region_name}_{key}": value for key, value in scores.items()}
    return columns
