"""What happens to the face crops of a training set before a network sees them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

PHOTOMETRIC = ("brightness", "contrast", "gamma", "saturation", "hue", "grey", "blur", "noise", "compression")
"""Settings that albumentations carries out, beside ``cutout``."""


@dataclass
class AugmentationConfig:
    """Augmentation of the training crops, drawn anew for every sample and epoch; everything is off by default.

    ``shift=10 scale=0.1 rotation=10 flip=0.5`` is what the released FOCUS code does.
    """

    shift: float = 0.0
    """Largest shift along x and along y, in pixels of a 224-px crop (other sizes in proportion)."""
    scale: float = 0.0
    """Largest change of size: factors are drawn from 1 - scale to 1 + scale."""
    rotation: float = 0.0
    """Largest turn about the middle of the crop, degrees."""
    flip: float = 0.0
    """Share of the samples that are mirrored, their left and right landmarks swapped."""
    brightness: float = 0.0
    """Largest change of brightness, as a share of white; needs albumentations."""
    contrast: float = 0.0
    """Largest change of contrast, as a share of it; needs albumentations."""
    gamma: float = 0.0
    """Largest change of the gamma exponent: exponents are drawn from 1 - gamma to 1 + gamma; needs albumentations."""
    saturation: float = 0.0
    """Largest change of saturation, as a share of it; needs albumentations."""
    hue: float = 0.0
    """Largest turn of hue, degrees; needs albumentations."""
    grey: float = 0.0
    """Share of the samples that lose their colours; needs albumentations."""
    blur: float = 0.0
    """Largest standard deviation of a Gaussian blur, in pixels of a 224-px crop; needs albumentations."""
    noise: float = 0.0
    """Largest standard deviation of Gaussian noise, as a share of white; needs albumentations."""
    compression: int = 0
    """Strongest JPEG compression: qualities are drawn from 100 - compression to 100; needs albumentations."""
    photometric_share: float = 0.5
    """Share of the samples that each of `brightness` to `compression` (but `grey`) applies to, each by itself."""
    cutout: float = 0.0
    """Share of the samples that get holes; the mask loses them as it would lose an occluder; needs albumentations."""
    cutout_holes: int = 1
    """Most holes in such a sample; their number is drawn from 1 on."""
    cutout_smallest: float = 0.1
    """Smallest side of a hole, as a share of the crop's."""
    cutout_largest: float = 0.4
    """Largest side of a hole, as a share of the crop's."""
    cutout_fill: Literal["black", "colour", "noise"] = "black"
    """What fills a hole: black, one random colour a hole, or random pixels."""

    def __post_init__(self) -> None:
        for name in ("flip", "grey", "cutout", "photometric_share"):
            if not 0 <= getattr(self, name) <= 1:
                raise ValueError(f"augmentation.{name}={getattr(self, name)} is a share of the samples, 0 to 1")
        for name, end in (("scale", 0.9), ("brightness", 1), ("contrast", 1), ("saturation", 1), ("gamma", 0.9)):
            if not 0 <= getattr(self, name) <= end:
                raise ValueError(f"augmentation.{name}={getattr(self, name)} must lie in [0, {end}]")
        for name, end in (("shift", 112), ("rotation", 180), ("hue", 180), ("blur", 20), ("noise", 1)):
            if not 0 <= getattr(self, name) <= end:
                raise ValueError(f"augmentation.{name}={getattr(self, name)} must lie in [0, {end}]")
        if not 0 <= self.compression <= 99:
            raise ValueError(f"augmentation.compression={self.compression} must lie in [0, 99]")
        if not 0 < self.cutout_smallest <= self.cutout_largest <= 1:
            raise ValueError(
                f"augmentation.cutout_smallest={self.cutout_smallest} and cutout_largest={self.cutout_largest} must be "
                "shares of the crop's side, 0 < smallest <= largest <= 1"
            )
        if self.cutout_holes < 1:
            raise ValueError(f"augmentation.cutout_holes={self.cutout_holes} must be at least 1")

    @property
    def geometric(self) -> bool:
        """Whether any sample is moved, turned, scaled or mirrored."""
        return any((self.shift, self.scale, self.rotation, self.flip))

    @property
    def needs_albumentations(self) -> tuple[str, ...]:
        """The settings that are on and that albumentations carries out."""
        return tuple(name for name in (*PHOTOMETRIC, "cutout") if getattr(self, name))
