"""Colours, blur, noise, compression and holes, by albumentations; the only file that imports it."""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from datamodules.photos.augmentation.config import AugmentationConfig
from datamodules.photos.augmentation.warp import REFERENCE_SIZE
from seethrough.errors import SeethroughError


@dataclass(frozen=True)
class _Change:
    """One transform of albumentations, the share of the samples that it meets, and its place in the random numbers."""

    transform: Any
    share: float
    place: int


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
        self._changes = [
            _Change(
                getattr(library, _TRANSFORMS[name])(p=1.0, **_arguments(name, config, size)),
                getattr(config, name) if name in ("grey", "cutout") else config.photometric_share,
                place,
            )
            for place, name in enumerate(_TRANSFORMS)
            if getattr(config, name)
        ]

    def __call__(
        self, picture: np.ndarray, mask: np.ndarray | None, seeds: np.random.SeedSequence
    ) -> tuple[np.ndarray, np.ndarray | None]:
        """Return the changed picture (S, S, 3) uint8 and its mask (S, S, 1) float32, which has lost the holes.

        Left to itself, albumentations draws alike in every worker and in every epoch; and ``Compose`` gives one seed to
        all its transforms, so that they come all together or not at all, all strong or all weak. So each transform is
        seeded by itself, for each sample; switching one on leaves the others as they were.
        """
        numbers = seeds.generate_state(2 * len(_TRANSFORMS))
        for change in self._changes:
            whether, seed = numbers[2 * change.place : 2 * change.place + 2]
            if whether >= change.share * 2**32:
                continue
            change.transform.set_random_seed(int(seed))
            if mask is None:
                picture = change.transform(image=picture)["image"]
            else:
                changed = change.transform(image=picture, mask=mask)
                picture, mask = changed["image"], changed["mask"]
        return picture, mask


_TRANSFORMS = {
    "brightness": "RandomBrightnessContrast",
    "contrast": "RandomBrightnessContrast",
    "gamma": "RandomGamma",
    "saturation": "ColorJitter",
    "hue": "ColorJitter",
    "grey": "ToGray",
    "blur": "GaussianBlur",
    "noise": "GaussNoise",
    "compression": "ImageCompression",
    "cutout": "CoarseDropout",
}
"""Setting to transform, in the order of application; their places number random streams, so only append."""


def _arguments(name: str, config: AugmentationConfig, size: int) -> dict[str, Any]:
    amount = getattr(config, name)
    around = (1 - amount, 1 + amount)
    colours = {"brightness": (1, 1), "contrast": (1, 1), "saturation": (1, 1), "hue": (0, 0)}
    match name:
        case "brightness":
            return {"brightness_limit": amount, "contrast_limit": 0}
        case "contrast":
            return {"brightness_limit": 0, "contrast_limit": amount}
        case "gamma":
            return {"gamma_limit": (100 * around[0], 100 * around[1])}
        case "saturation":
            return {**colours, "saturation": around}
        case "hue":
            return {**colours, "hue": (-amount / 360, amount / 360)}
        case "blur":
            return {"blur_limit": 0, "sigma_limit": (0.0, amount * size / REFERENCE_SIZE)}
        case "noise":
            return {"std_range": (0.0, amount)}
        case "compression":
            return {"quality_range": (100 - amount, 100)}
        case "cutout":
            sides = (config.cutout_smallest, config.cutout_largest)
            fills = {"black": 0, "colour": "random_uniform", "noise": "random"}
            return {
                "num_holes_range": (1, config.cutout_holes),
                "hole_height_range": sides,
                "hole_width_range": sides,
                "fill": fills[config.cutout_fill],
                "fill_mask": 0,
            }
    return {}


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
