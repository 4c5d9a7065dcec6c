"""From a stored crop to a training sample."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import astuple
from enum import IntEnum

import numpy as np
import torch
from torch import Tensor

from datamodules.photos.augmentation.config import AugmentationConfig
from datamodules.photos.augmentation.resampling import warped
from datamodules.photos.augmentation.warp import IDENTITY, Warp, draw_warp


class _Stream(IntEnum):
    """What a random stream decides; the numbers are part of every sample, so never renumber, only append."""

    WARP = 0
    PHOTOMETRIC = 1


def augmented(
    stored: np.ndarray,
    mask: np.ndarray | None,
    landmarks: np.ndarray,
    config: AugmentationConfig | None,
    key: Sequence[int],
    image_size: int,
    field: float,
) -> tuple[Tensor, Tensor | None, Tensor]:
    """Turn a stored crop into a sample: one resampling, the same for image, mask and landmarks, then colours and holes.

    Where a warp reaches beyond the stored crop the image is black, as it is beyond the edge of a photo, and the mask 0:
    nothing is made up. A wider ``field`` of the stored crops makes such corners rarer.

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
        mask: (1, S, S) float32 in [0, 1] or None; 0 in holes, which hide the face as an occluder does. Its edge is
            soft where pixels straddle it, and where it crosses one half the stored edge lies.
        landmarks: (68, 2) float32 px of the sample; they may lie outside of it or in a hole.

    Raises:
        SeethroughError: a setting needs albumentations, which is not installed.
    """
    side = stored.shape[0]
    warp = warp_of(config, key)
    matrix = warp.from_stored(side, field, image_size)
    image = warped(stored, matrix, image_size)
    visible = None if mask is None else warped(mask[:, :, None], matrix, image_size, cubic=False)
    if config is not None and config.needs_albumentations:
        image, visible = _recoloured(image, visible, config, key)
    points = warp.landmarks(landmarks, side, field, image_size).astype(np.float32)
    return (
        torch.from_numpy(image),
        None if visible is None else torch.from_numpy(visible),
        torch.from_numpy(points),
    )


def warp_of(config: AugmentationConfig | None, key: Sequence[int]) -> Warp:
    """Return how :func:`augmented` moves the content of a sample with this key."""
    if config is None or not config.geometric:
        return IDENTITY
    return draw_warp(config, np.random.default_rng(_seeds(key, _Stream.WARP)))


def get_ready(config: AugmentationConfig, image_size: int) -> None:
    """Compile and import what the samples will need, before worker processes each do it for themselves.

    Raises:
        SeethroughError: a setting needs albumentations, which is not installed.
    """
    stored = np.zeros((image_size, image_size, 3), dtype=np.uint8)
    augmented(stored, stored[:, :, 0], np.zeros((68, 2)), config, (0,), image_size, 1.0)


def _recoloured(
    image: np.ndarray, mask: np.ndarray | None, config: AugmentationConfig, key: Sequence[int]
) -> tuple[np.ndarray, np.ndarray | None]:
    from datamodules.photos.augmentation.photometric import photometric

    picture = np.rint(image.transpose(1, 2, 0) * 255).astype(np.uint8, order="C")
    changed, visible = photometric(astuple(config), image.shape[1])(
        picture, None if mask is None else mask[0][:, :, None], _seeds(key, _Stream.PHOTOMETRIC)
    )
    floats = np.ascontiguousarray(changed.transpose(2, 0, 1)).astype(np.float32) / np.float32(255)
    return floats, None if visible is None else np.ascontiguousarray(visible[None, :, :, 0])


def _seeds(key: Sequence[int], stream: _Stream) -> np.random.SeedSequence:
    return np.random.SeedSequence(tuple(int(number) for number in key), spawn_key=(int(stream),))
