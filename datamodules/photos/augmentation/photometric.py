"""Colours, blur, noise, compression and holes, by albumentations; the only file that imports it."""

from __future__ import annotations

import os
from functools import lru_cache
from typing import Any

import numpy as np

from datamodules.photos.augmentation.config import AugmentationConfig
from datamodules.photos.augmentation.warp import REFERENCE_SIZE
from seethrough.errors import SeethroughError


class Photometric:
    """Changes of a picture that leave every pixel where it is; only holes change the mask with it.

    They come in the order in which the world brings them about: light and colours, then the lens, the sensor and the
    file; holes last, so that they are what they were filled with.

    Args:
        config: which changes, and how strong.
        size: pixels of the samples' side.

    Raises:
        SeethroughError: albumentations is not installed.
    """

    def __init__(self, config: AugmentationConfig, size: int) -> None:
        library = _library(config)
        share = config.photometric_share
        stages: list[Any] = []

        def add(name: str, amount: float, probability: float = share, **settings: Any) -> None:
            if amount:
                stages.append(getattr(library, name)(p=probability, **settings))

        def jitter(name: str, amount: float, change: tuple[float, float]) -> None:
            unchanged = {"brightness": (1, 1), "contrast": (1, 1), "saturation": (1, 1), "hue": (0, 0)}
            add("ColorJitter", amount, **{**unchanged, name: change})

        around = (1 - config.saturation, 1 + config.saturation)
        exponents = (round(100 * (1 - config.gamma)), round(100 * (1 + config.gamma)))
        sides = (config.cutout_smallest, config.cutout_largest)
        add("RandomBrightnessContrast", config.brightness, brightness_limit=config.brightness, contrast_limit=0)
        add("RandomBrightnessContrast", config.contrast, brightness_limit=0, contrast_limit=config.contrast)
        add("RandomGamma", config.gamma, gamma_limit=exponents)
        jitter("saturation", config.saturation, around)
        jitter("hue", config.hue, (-config.hue / 360, config.hue / 360))
        add("ToGray", config.grey, config.grey)
        add("GaussianBlur", config.blur, blur_limit=0, sigma_limit=(0.0, config.blur * size / REFERENCE_SIZE))
        add("GaussNoise", config.noise, std_range=(0.0, config.noise))
        add("ImageCompression", config.compression, quality_range=(100 - config.compression, 100))
        add(
            "CoarseDropout",
            config.cutout,
            config.cutout,
            num_holes_range=(1, config.cutout_holes),
            hole_height_range=sides,
            hole_width_range=sides,
            fill={"black": 0, "colour": "random_uniform", "noise": "random"}[config.cutout_fill],
            fill_mask=0,
        )
        self._compose = library.Compose(stages)

    def __call__(self, picture: np.ndarray, mask: np.ndarray | None, seed: int) -> tuple[np.ndarray, np.ndarray | None]:
        """Return the changed picture (S, S, 3) uint8 and its mask (S, S, 1) float32, which has lost the holes.

        Left to itself, albumentations draws alike in every worker and in every epoch; so it is seeded for each sample.
        """
        self._compose.set_random_seed(seed)
        if mask is None:
            return self._compose(image=picture)["image"], None
        changed = self._compose(image=picture, mask=mask)
        return changed["image"], changed["mask"]


@lru_cache(maxsize=8)
def photometric(settings: tuple[Any, ...], size: int) -> Photometric:
    """Return the changes for ``dataclasses.astuple`` of a config, put together once a process."""
    return Photometric(AugmentationConfig(*settings), size)


def _library(config: AugmentationConfig) -> Any:
    # It would otherwise ask the package index for a newer version whenever it is imported.
    os.environ.setdefault("NO_ALBUMENTATIONS_UPDATE", "1")
    try:
        import albumentations
        import cv2
    except ImportError as error:
        first = config.needs_albumentations[0]
        raise SeethroughError(
            f"data.augmentation.{first}={getattr(config, first)} needs albumentations, which cannot be imported "
            f'({error}): pip install "seethrough[albumentations]", or leave {first} at 0'
        ) from error
    cv2.setNumThreads(1)  # loader workers are the threads
    return albumentations
