"""Textures of other kinds than those of training, under the same names of grains."""

from __future__ import annotations

import numpy as np

from datamodules.synthetic.textures import TEXTURE_SIZE, stretch

# Waves per texture along x and y around which the noise of each grain is confined; in training it falls off slowly.
_BANDS = {
    "smooth": (2.0, 2.0),
    "cloudy": (5.0, 5.0),
    "rough": (13.0, 13.0),
    "fine": (33.0, 33.0),
    "strand": (24.0, 2.0),
}


def unseen_texture(grain: str, rng: np.random.Generator) -> np.ndarray:
    """Make a periodic (128, 128) float32 texture in [0, 1].

    Noise of a narrow band instead of falling noise; bricks for ``cell``, zigzag for ``stripe``, dots for ``check``,
    rings for ``shapes`` and a herringbone for ``weave``.
    """
    n = TEXTURE_SIZE
    if grain in _BANDS:
        across, along = _BANDS[grain]
        fy, fx = np.meshgrid(np.fft.fftfreq(n) * n, np.fft.fftfreq(n) * n, indexing="ij")
        gain = np.exp(-(((np.hypot(fx / across, fy / along) - 1) / 0.3) ** 2))
        gain[0, 0] = 0.0
        return stretch(np.fft.ifft2(np.fft.fft2(rng.standard_normal((n, n))) * gain).real)
    y, x = np.meshgrid((np.arange(n) + 0.5) / n, (np.arange(n) + 0.5) / n, indexing="ij")
    count = int(rng.integers(3, 7))
    if grain == "cell":
        rows = 2 * count
        row = np.floor(y * rows)
        column = x * count + 0.5 * (row % 2)
        tone = rng.random((rows, count))[row.astype(int), np.floor(column).astype(int) % count]
        mortar = np.minimum(np.abs(column % 1 - 0.5), np.abs((y * rows) % 1 - 0.5) + 0.02)
        return stretch(
            np.where(0.5 - np.maximum(np.abs(column % 1 - 0.5), np.abs((y * rows) % 1 - 0.5)) < 0.07, 0, tone)
            + 0.1 * mortar
        )
    if grain == "stripe":
        return stretch(np.sin(2 * np.pi * (2 * count * y + np.abs((count * x) % 1 - 0.5))))
    if grain == "check":
        row = np.floor(y * 2 * count)
        column = x * 2 * count + 0.5 * (row % 2)
        return stretch(np.tanh(9 * (rng.uniform(0.25, 0.4) - np.hypot(column % 1 - 0.5, (y * 2 * count) % 1 - 0.5))))
    if grain == "weave":
        step = 4 * count
        sign = np.where(np.floor(x * step) % 2 == 0, 1.0, -1.0)
        return stretch(np.sin(2 * np.pi * step * (y + sign * x)))
    rings = np.zeros((n, n))
    for _ in range(5):
        px, py = rng.random(2)
        dx, dy = (x - px + 0.5) % 1 - 0.5, (y - py + 0.5) % 1 - 0.5
        radius = np.hypot(dx, dy)
        alpha = radius < rng.uniform(0.2, 0.45)
        rings = np.where(alpha, np.sin(radius * rng.uniform(40, 120)), rings)
    return stretch(rings)
