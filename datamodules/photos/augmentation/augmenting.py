"""From a stored crop to a training sample."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from datamodules.photos.augmentation.config import AugmentationConfig
from datamodules.photos.augmentation.resampling import LINEAR, warped
from datamodules.photos.augmentation.warp import IDENTITY, draw_warp


def augmented(
    stored: np.ndarray,
    mask: np.ndarray | None,
    landmarks: np.ndarray,
    config: AugmentationConfig | None,
    key: Sequence[int],
    image_size: int,
    field: float,
) -> tuple[Tensor, Tensor | None, Tensor]:
    """Turn a stored crop into a sample: one resampling, the same for image, mask and landmarks.

    Args:
        stored: (T, T, 3) uint8 RGB, the aligned crop seen with a wider field.
        mask: (T, T) uint8, 255 = visible face; None where it is not known.
        landmarks: (68, 2) px of the stored crop, half-integer pixel centres.
        config: what to draw; None for the plain aligned crop, as validation and test want it.
        key: what names the sample and its occasion, as a rule (seed, epoch, index); all randomness comes from it.
        image_size: pixels of the sample's side.
        field: how much wider the stored crop sees than the aligned crop, a factor.

    Returns:
        image: (3, S, S) float32 in [0, 1].
        mask: (1, S, S) float32 in [0, 1] or None.
        landmarks: (68, 2) float32 px of the sample; they may lie outside of it.
    """
    side = stored.shape[0]
    warp = IDENTITY
    if config is not None and config.geometric:
        warp = draw_warp(config, np.random.default_rng(tuple(key)))
    matrix = warp.from_stored(side, field, image_size)
    image = torch.from_numpy(warped(stored, matrix, image_size))
    points = torch.from_numpy(warp.landmarks(landmarks, side, field, image_size).astype(np.float32))
    if mask is None:
        return image, None, points
    return image, torch.from_numpy(warped(mask[:, :, None], matrix, image_size, cubic=LINEAR)), points
