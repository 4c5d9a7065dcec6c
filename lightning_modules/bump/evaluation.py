"""From batches of faces to one row per image: the translator's bump map, and what those score that know less."""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np
import torch
from torch import Tensor

from lightning_modules.bump.training_view import CROP_MM
from seethrough.details.luminance_bump import LuminanceBump
from seethrough.metrics import (
    PerImageTable,
    bump_gradient_error,
    bump_l1,
    bump_rmse,
    checkerboard,
    detail_correlation,
    noise,
    normal_angle,
)
from seethrough.metrics.table import TEXT, WHOLE, Column, numbered, text_rows, words_of
from seethrough.networks.bump_translator import Translation

PREDICTORS = ("bump", "zero", "luminance")
"""The translator, the bump 0 everywhere, and the luminance of the image."""

ERRORS = ("l1_mm", "rmse_mm", "gradient_error", "normal_angle_deg")
ERROR_COLUMNS = tuple(f"{predictor}_{error}" for predictor in PREDICTORS for error in ERRORS)
TEXTURE_COLUMNS = (
    "bump_checkerboard_mm",
    "true_checkerboard_mm",
    "bump_noise_mm",
    "true_noise_mm",
    "bump_detail_correlation",
    "luminance_detail_correlation",
)
MASK_COLUMN = "mask_iou"
TEXT_COLUMNS = ("id", "subset")


class Translates(Protocol):
    """Bump maps of images."""

    def translate(self, image: Tensor) -> Translation:
        """Return bump and mask of every pixel of (B, 3, H, W) images in [0, 1]."""
        ...


class BumpEvaluation:
    """Score bump maps inside the face, one row per image; what data do not know becomes NaN.

    Args:
        translator: scored as it is when :meth:`update` is called; has ``translate(image)``, such as a
            :class:`~seethrough.networks.bump_translator.BumpTranslator`.
        luminance: the fitted baseline.
    """

    def __init__(self, translator: Translates, luminance: LuminanceBump) -> None:
        # In a list, so that the networks are not registered a second time and the metric stays out of checkpoints.
        self._held = (translator, luminance)
        kinds = dict.fromkeys(TEXT_COLUMNS, TEXT) | {"identity": WHOLE}
        numbers = dict.fromkeys((*ERROR_COLUMNS, *TEXTURE_COLUMNS, MASK_COLUMN, "pixels"), Column())
        self._table = PerImageTable(kinds | numbers)

    @torch.no_grad()
    def update(self, batch: dict[str, Any]) -> Translation:
        """Predict a batch and add its rows; returns the prediction for pictures."""
        translator, luminance = self._held
        translation = translator.translate(batch["image"])
        image, count = batch["image"], len(batch["image"])
        device = image.device
        unknown = torch.full((count,), torch.nan, device=device)
        columns: dict[str, Tensor] = dict.fromkeys((*ERROR_COLUMNS, *TEXTURE_COLUMNS, MASK_COLUMN, "pixels"), unknown)
        columns |= {
            "id": text_rows(batch["id"], device),
            "subset": text_rows(list(batch.get("subset", [""] * count)), device),
            "identity": batch.get("identity", torch.full((count,), -1, device=device)),
        }
        mask = batch.get("mask")
        if mask is not None:
            columns["pixels"] = (mask > 0.5).flatten(1).sum(1).to(unknown)
            if translation.mask is not None:
                columns[MASK_COLUMN] = _iou(translation.mask > 0.5, mask > 0.5)
        if mask is not None and "bump" in batch:
            true, guesses = batch["bump"], {"bump": translation.bump, "zero": torch.zeros_like(batch["bump"])}
            if luminance.images > 0:
                guesses["luminance"] = luminance(image, mask)
            pixel, depth = pixel_millimetres(batch), batch.get("depth")
            for name, guess in guesses.items():
                columns |= {
                    f"{name}_l1_mm": bump_l1(guess, true, mask),
                    f"{name}_rmse_mm": bump_rmse(guess, true, mask),
                    f"{name}_gradient_error": bump_gradient_error(guess, true, mask, pixel),
                    f"{name}_normal_angle_deg": normal_angle(guess, true, mask, pixel, depth),
                }
            for name, values in (("bump", translation.bump), ("true", true)):
                columns[f"{name}_checkerboard_mm"] = checkerboard(values, mask)
                columns[f"{name}_noise_mm"] = noise(values, true, mask)
            for name in ("bump", "luminance"):
                if name in guesses:
                    columns[f"{name}_detail_correlation"] = detail_correlation(guesses[name], true, mask)
        self._table.update(numbered(batch["id"], device), **columns)
        return translation

    def rows(self) -> dict[str, np.ndarray]:
        """Return all columns, (N,), gathered from all processes and sorted by ``id``."""
        table = self._table.gathered()
        del table["index"]
        rows: dict[str, np.ndarray] = {
            name: np.array(words_of(values)) if name in TEXT_COLUMNS else values.cpu().numpy()
            for name, values in table.items()
        }
        order = np.argsort(rows["id"], kind="stable")
        return {name: values[order] for name, values in rows.items()}

    def reset(self) -> None:
        """Forget all rows."""
        self._table.reset()


def pixel_millimetres(batch: dict[str, Any]) -> Tensor:
    """Return the (B,) mm that a pixel spans on each face.

    From depth (mm) and ``focal`` (B,) px, where a batch has both; otherwise as on the mean face in its crop.
    """
    image = batch["image"]
    if "focal" in batch and "depth" in batch and "mask" in batch:
        inside = (batch["mask"] > 0.5).to(image)
        depth = (batch["depth"] * inside).flatten(1).sum(1) / inside.flatten(1).sum(1).clamp_min(1)
        known = depth / batch["focal"].to(image)
        return torch.where(known > 0, known, torch.full_like(known, CROP_MM / image.shape[-1]))
    return torch.full((len(image),), CROP_MM / image.shape[-1], device=image.device)


def _iou(one: Tensor, other: Tensor) -> Tensor:
    union = (one | other).flatten(1).sum(1)
    return (one & other).flatten(1).sum(1) / union.clamp_min(1)
