"""Which pixels have the colour of skin: the mask of a reconstruction that knows no occluders (as in Deep3D)."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import torch
from torch import Tensor

from seethrough.device_constants import constant_like

# sRGB of the ten tones of the Monk Skin Tone scale, published for describing skin from light to dark.
_TONES = ("f6ede4", "f3e7db", "f7ead0", "eadaba", "d7bd96", "a07e56", "825c43", "604134", "3a312a", "292420")
# A colour chart shows skin without the blood that a lit face shows: its optical density over (R, G, B), as a share of
# the haemoglobin maximum in green.
_BLOOD_DENSITY = (0.15, 1.0, 0.85)
_BT601 = ((0.299, 0.587, 0.114), (-0.168736, -0.331264, 0.5), (0.5, -0.418688, -0.081312))
_SAMPLES = 20_000


@dataclass(frozen=True)
class ColourGaussian:
    """A normal distribution of colours in YCbCr.

    Attributes:
        mean: (3,) Y in [0, 1], Cb and Cr in [-0.5, 0.5].
        covariance: (3, 3).
    """

    mean: np.ndarray
    covariance: np.ndarray

    def log_density(self, colours: Tensor) -> Tensor:
        """Return the logarithm of the density, without its constant, of (..., 3) colours in YCbCr."""
        difference = colours - constant_like(tuple(self.mean.tolist()), colours)
        precision = constant_like(tuple(map(tuple, np.linalg.inv(self.covariance).tolist())), colours)
        distance = ((difference @ precision) * difference).sum(-1)
        return -0.5 * (distance + float(np.linalg.slogdet(self.covariance)[1]))


def skin_colour_mask(image: Tensor, prior: float = 0.5) -> Tensor:
    """Return how likely each pixel is skin, from its colour alone (two-class Bayes over Gaussians, Deng et al. 2019).

    Anything of skin's colour counts, a hand as well as a cheek, while eyes, lips, beards and deep shade count less;
    that is the weakness of the method, not of this function.

    Args:
        image: (B, 3, H, W) RGB in [0, 1].
        prior: share of skin expected before looking.

    Returns:
        (B, 1, H, W) probability of skin in [0, 1]; at least 0.5 is what the method calls skin.
    """
    skin, other = default_colour_models()
    with torch.no_grad(), torch.autocast(image.device.type, enabled=False):
        colours = ycbcr(image.float().movedim(1, -1))
        odds = skin.log_density(colours) - other.log_density(colours) + float(np.log(prior / (1 - prior)))
        return torch.sigmoid(odds)[:, None].to(image.dtype)


@lru_cache(maxsize=1)
def default_colour_models() -> tuple[ColourGaussian, ColourGaussian]:
    """Return the Gaussians of skin, from human skin tones under varied light, and of all colours alike."""
    rng = np.random.default_rng(0)
    return colour_gaussian(lit_skin_colours(_SAMPLES, rng)), colour_gaussian(rng.random((_SAMPLES, 3)))


def colour_gaussian(colours: np.ndarray) -> ColourGaussian:
    """Estimate a Gaussian from (N, 3) RGB colours in [0, 1].

    Raises:
        ValueError: too few colours, or colours that do not span YCbCr.
    """
    converted = ycbcr(torch.from_numpy(np.ascontiguousarray(colours, dtype=np.float64))).numpy()
    if len(converted) < 4:
        raise ValueError(f"{len(converted)} colours do not determine a Gaussian in three dimensions")
    covariance = np.cov(converted.T)
    if np.linalg.matrix_rank(covariance) < 3:
        raise ValueError("the colours lie in a plane: a Gaussian in three dimensions needs a spread in each")
    return ColourGaussian(converted.mean(0), covariance)


def lit_skin_colours(count: int, rng: np.random.Generator) -> np.ndarray:
    """Draw (count, 3) RGB colours of skin of all tones, with more or less blood, under white to tinted light."""
    tones = np.array([[int(tone[k : k + 2], 16) / 255 for k in (0, 2, 4)] for tone in _TONES])
    place = rng.uniform(0, len(tones) - 1, count)
    albedo = np.stack([np.interp(place, np.arange(len(tones)), tones[:, channel]) for channel in range(3)], 1)
    blood = np.abs(rng.normal(0.3, 0.12, (count, 1))) * np.array(_BLOOD_DENSITY)
    shading = np.exp(rng.normal(-0.25, 0.5, (count, 1)))
    tint = np.exp(rng.normal(0, 0.12, (count, 3)))  # lamps, and cameras that balance white badly
    return np.clip(albedo * np.exp(-blood) * shading * tint, 0, 1)


def ycbcr(colours: Tensor) -> Tensor:
    """Convert (..., 3) RGB in [0, 1] to Y in [0, 1] and Cb, Cr in [-0.5, 0.5] (ITU-R BT.601, full range)."""
    return colours @ constant_like(_BT601, colours).T
