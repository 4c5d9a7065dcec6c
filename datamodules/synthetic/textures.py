"""A bank of periodic grey textures, made once per process, from which each sample cuts its own coloured patch.

Noise filters cost milliseconds; a rotated, scaled and tinted look-up into a ready-made periodic texture costs a tenth.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import lru_cache

import numba
import numpy as np

from datamodules.synthetic.streams import Factor, Seed, stream

TEXTURE_SIZE = 128
# Prime, so that reading round it never repeats in step with a picture.
NOISE_LENGTH = 262147
_GRAINS = ("smooth", "cloudy", "rough", "fine", "strand", "cell", "stripe", "check", "shapes", "weave")
_EACH = 6


class TextureBank:
    """Periodic textures of ten grains, values in [0, 1], keyed by a seed.

    Attributes:
        fields: (N, 128, 128) float32.
        grains: grain name -> the numbers of its textures. ``smooth`` to ``fine`` are noise of falling correlation
            length, ``strand`` is noise drawn out along y, ``cell`` is Voronoi-like, the others are what they say.
        noise: (262147,) float32 standard normal numbers, to be read from a random place on.
    """

    def __init__(self, seed: Seed, make: Callable[[str, np.random.Generator], np.ndarray] | None = None) -> None:
        """Make all textures, by other rules than those of training where ``make`` gives them."""
        self.fields, self.grains, self.noise = made_textures(seed, make or _texture)

    def pick(self, rng: np.random.Generator, *grains: str) -> np.ndarray:
        """Return one (128, 128) texture of one of the named grains (of any grain when none is named)."""
        names = grains or _GRAINS
        choices = self.grains[names[int(rng.integers(len(names)))]]
        return self.fields[choices[int(rng.integers(len(choices)))]]

    def patch(
        self,
        rng: np.random.Generator,
        size: int,
        *grains: str,
        scale: tuple[float, float] = (0.7, 2.0),
        turn: float = math.pi,
    ) -> np.ndarray:
        """Cut a (size, size) patch in [0, 1] at a random place, angle (within +-turn) and scale.

        ``scale`` is how many texture cells one eightieth of the picture spans, so a patch looks alike at any ``size``.
        """
        field = self.pick(rng, *grains)
        step = math.exp(rng.uniform(math.log(scale[0]), math.log(scale[1]))) * 80.0 / size
        angle = rng.uniform(-turn, turn)
        mirrored = 1.0 if rng.random() < 0.5 else -1.0
        x0, y0 = rng.uniform(0, TEXTURE_SIZE, 2)
        return cut(field, size, x0, y0, mirrored * step * math.cos(angle), step * math.sin(angle), step)


@lru_cache(maxsize=4)
def made_textures(
    seed: Seed, make: Callable[[str, np.random.Generator], np.ndarray]
) -> tuple[np.ndarray, dict[str, list[int]], np.ndarray]:
    """Return fields, grains and noise of a :class:`TextureBank`, the same arrays each time: nobody writes to them."""
    fields: list[np.ndarray] = []
    grains: dict[str, list[int]] = {}
    for number, grain in enumerate(_GRAINS):
        grains[grain] = []
        for each in range(_EACH):
            rng = stream(seed, Factor.TEXTURES, number, each)
            grains[grain].append(len(fields))
            fields.append(make(grain, rng))
    last = stream(seed, Factor.TEXTURES, len(_GRAINS), 0)
    return np.stack(fields), grains, last.standard_normal(NOISE_LENGTH, np.float32)


def tint(field: np.ndarray, low: np.ndarray, high: np.ndarray) -> np.ndarray:
    """Colour a (H, W) field: 0 becomes the RGB ``low``, 1 becomes ``high``; returns (H, W, 3) float32."""
    picture, span = np.empty((*field.shape, 3), np.float32), high - low
    for channel in range(3):  # whole pictures of float64 in between would cost more
        picture[..., channel] = low[channel] + field * span[channel]
    return picture


@numba.njit(cache=True)
def cut(field, size, x0, y0, ax, ay, step):
    """Sample a periodic (128, 128) texture bilinearly along a turned grid; (size, size) float32."""
    last = TEXTURE_SIZE - 1
    out = np.empty((size, size), np.float32)
    norm = math.sqrt(ax * ax + ay * ay)
    bx, by = -ay / norm * step, ax / norm * step
    for i in range(size):
        for j in range(size):
            # Kept positive, so that a cast rounds down.
            x, y = x0 + ax * j + bx * i + 4096.0, y0 + ay * j + by * i + 4096.0
            column, row = np.int32(x), np.int32(y)
            u, v = np.float32(x - column), np.float32(y - row)
            left, right, above, below = column & last, (column + 1) & last, row & last, (row + 1) & last
            upper = field[above, left] + u * (field[above, right] - field[above, left])
            lower = field[below, left] + u * (field[below, right] - field[below, left])
            out[i, j] = upper + v * (lower - upper)
    return out


def _texture(grain: str, rng: np.random.Generator) -> np.ndarray:
    n = TEXTURE_SIZE
    fy, fx = np.meshgrid(np.fft.fftfreq(n) * n, np.fft.fftfreq(n) * n, indexing="ij")
    if grain in ("smooth", "cloudy", "rough", "fine", "strand"):
        radius = np.hypot(fx, fy) if grain != "strand" else np.hypot(fx, 9.0 * fy)
        slope, first = {
            "smooth": (3.2, 1.0),
            "cloudy": (2.2, 1.0),
            "rough": (1.5, 3.0),
            "fine": (0.6, 16.0),
            "strand": (0.9, 6.0),
        }[grain]
        gain = 1.0 / np.maximum(radius, first) ** slope
        gain[0, 0] = 0.0
        noise = np.fft.ifft2(np.fft.fft2(rng.standard_normal((n, n))) * gain).real
        return stretch(noise)
    y, x = np.meshgrid(np.arange(n) / n, np.arange(n) / n, indexing="ij")
    if grain == "cell":
        points = rng.random((40, 2))
        distance = np.full((n, n), np.inf)
        second = distance.copy()
        for px, py in points:
            dx, dy = np.abs(x - px), np.abs(y - py)
            near = np.hypot(np.minimum(dx, 1 - dx), np.minimum(dy, 1 - dy))
            second = np.minimum(second, np.maximum(distance, near))
            distance = np.minimum(distance, near)
        return stretch(second - distance if rng.random() < 0.5 else distance)
    if grain in ("stripe", "check", "weave"):
        count = int(rng.integers(3, 9)) if grain != "weave" else int(rng.integers(16, 32))
        sharp = rng.uniform(1.0, 8.0)
        wave = np.tanh(sharp * np.sin(2 * np.pi * (count * x + rng.random())))
        across = np.tanh(sharp * np.sin(2 * np.pi * (count * y + rng.random())))
        return stretch({"stripe": wave, "check": wave * across, "weave": wave + across}[grain])
    picture = np.zeros((n, n))
    for _ in range(14):
        px, py, angle = rng.random(), rng.random(), rng.uniform(0, np.pi)
        dx, dy = (x - px + 0.5) % 1 - 0.5, (y - py + 0.5) % 1 - 0.5
        along, across = np.cos(angle) * dx + np.sin(angle) * dy, np.cos(angle) * dy - np.sin(angle) * dx
        half, other = rng.uniform(0.05, 0.3, 2)
        edge = (
            np.maximum(np.abs(along) / half, np.abs(across) / other)
            if rng.random() < 0.5
            else np.hypot(along / half, across / other)
        )
        alpha = 1 / (1 + np.exp(np.clip((edge - 1) * rng.uniform(6, 40), -50, 50)))
        picture += alpha * (rng.random() - picture)
    return stretch(picture)


def stretch(field: np.ndarray) -> np.ndarray:
    """Spread all but the outermost hundredths of the values of a field over [0, 1]."""
    low, high = np.quantile(field, [0.01, 0.99])
    return np.clip((field - low) / max(high - low, 1e-9), 0.0, 1.0).astype(np.float32)
