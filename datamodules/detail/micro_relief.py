"""Pores, the net of fine lines and the unevenness of skin: periodic textures, made once for a chart's resolution."""

from __future__ import annotations

import numba
import numpy as np

from datamodules.detail.chart import Chart
from datamodules.synthetic.streams import Factor, Seed, stream

PERIOD_MM = 96.0
_FINEST = 512
"""Texels of a period that the textures are drawn with; a coarser chart sees the same skin through a filter."""
_FIRST_KEY = 100
KINDS = ("pores", "net", "uneven", "pebbles")


class MicroRelief:
    """Textures of unit standard deviation for one texel size, mean 0, in which holes are negative.

    ``pores`` are pits 1 to 2 mm apart, ``net`` is the fine polygonal net of lines, ``uneven`` has lumps of 3 to 9 mm,
    ``pebbles`` are the dimples of a chin that is drawn up. Their standard deviation is 1 before the filter of the
    texel, so that a coarse chart shows less of what it cannot resolve.

    Args:
        seed: of the data set.
        texel: spacing of the chart, mm.
    """

    def __init__(self, seed: Seed, texel: float) -> None:
        count = int(min(max(round(PERIOD_MM / texel), 32), _FINEST))
        self.texel = PERIOD_MM / count
        self.fields: dict[str, np.ndarray] = {}
        for number, kind in enumerate(KINDS):
            rng = stream(seed, Factor.TEXTURES, _FIRST_KEY + number, 0)
            self.fields[kind] = _resized(_texture(kind, rng), count)

    def add(
        self, relief: np.ndarray, kind: str, chart: Chart, weight: np.ndarray, amount: float, rng: np.random.Generator
    ) -> None:
        """Add ``amount`` mm of a texture to a relief in place, from a random place on, turned by a random angle.

        Args:
            relief: (rows, columns) mm, in place.
            kind: one of :data:`KINDS`.
            chart: of the relief.
            weight: (rows, columns) how strong the texture is where.
            amount: its standard deviation where the weight is 1, mm.
            rng: draws place and angle.
        """
        field = self.fields[kind]
        angle, shift = rng.uniform(0, 2 * np.pi), rng.uniform(0, len(field), 2)
        step = chart.texel / self.texel
        _add_turned(relief, weight, field, amount, step * np.cos(angle), step * np.sin(angle), shift[0], shift[1])


@numba.njit(cache=True)
def _add_turned(relief, weight, field, amount, cosine, sine, x0, y0):
    size = field.shape[0]
    far = 64.0 * size  # keeps places positive, so that a cast rounds down
    for i in range(relief.shape[0]):
        for j in range(relief.shape[1]):
            if weight[i, j] < 0.01:
                continue
            x, y = x0 + cosine * j - sine * i + far, y0 + sine * j + cosine * i + far
            column, row = int(x), int(y)
            u, v = np.float32(x - column), np.float32(y - row)
            left, right, low, high = column % size, (column + 1) % size, row % size, (row + 1) % size
            below = field[low, left] + u * (field[low, right] - field[low, left])
            above = field[high, left] + u * (field[high, right] - field[high, left])
            relief[i, j] += np.float32(amount) * weight[i, j] * (below + v * (above - below))


def _texture(kind: str, rng: np.random.Generator) -> np.ndarray:
    """Return a periodic (512, 512) texture of unit deviation."""
    n = _FINEST
    step = PERIOD_MM / n
    frequency = np.fft.fftfreq(n, step)
    radius = np.hypot(frequency[:, None], frequency[None])
    if kind == "uneven":
        gain = np.exp(-0.5 * ((np.log(np.maximum(radius, 1e-6)) - np.log(1 / 5.0)) / 0.45) ** 2)
        field = np.fft.ifft2(np.fft.fft2(rng.standard_normal((n, n))) * gain).real
    elif kind in ("pores", "pebbles"):
        spacing, sigma = (1.5, 0.22) if kind == "pores" else (2.8, 0.7)
        pits = np.zeros((n, n))
        across = round(PERIOD_MM / spacing)
        grid = np.stack(np.meshgrid(np.arange(across), np.arange(across)), -1).reshape(-1, 2).astype(float)
        grid[:, 0] += 0.5 * (grid[:, 1] % 2)
        at = ((grid + rng.uniform(-0.42, 0.42, grid.shape)) * n / across).astype(int) % n
        np.add.at(pits, (at[:, 1], at[:, 0]), -np.exp(rng.normal(0, 0.6, len(at))))
        field = np.fft.ifft2(np.fft.fft2(pits) * np.exp(-2 * (np.pi * sigma * radius) ** 2)).real
    else:
        field = _net(rng, n, step)
    field -= field.mean()
    return field / field.std()


def _net(rng: np.random.Generator, n: int, step: float) -> np.ndarray:
    """Return furrows between the cells of a jittered grid about 1.3 mm wide (Worley 1996)."""
    cells = round(PERIOD_MM / 1.3)
    jitter = rng.uniform(0, 1, (cells, cells, 2))
    y, x = np.meshgrid(np.arange(n) * step, np.arange(n) * step, indexing="ij")
    size = PERIOD_MM / cells
    first, second = np.full((n, n), np.inf), np.full((n, n), np.inf)
    column, row = (x / size).astype(int), (y / size).astype(int)
    for down in (-1, 0, 1):
        for right in (-1, 0, 1):
            i, j = row + down, column + right
            offset = jitter[i % cells, j % cells]
            distance = np.hypot((j + offset[..., 0]) * size - x, (i + offset[..., 1]) * size - y)
            second = np.minimum(second, np.maximum(first, distance))
            first = np.minimum(first, distance)
    return -np.exp(-(((second - first) / 0.28) ** 2))


def _resized(field: np.ndarray, count: int) -> np.ndarray:
    """Resample a periodic texture to (count, count) behind a Gaussian that removes what would alias."""
    n = len(field)
    spectrum = np.fft.fftshift(np.fft.fft2(field))
    frequency = np.fft.fftshift(np.fft.fftfreq(n, PERIOD_MM / n))
    sigma = 0.5 * PERIOD_MM / count
    spectrum *= np.exp(-2 * (np.pi * sigma) ** 2 * (frequency[:, None] ** 2 + frequency[None] ** 2))
    low = n // 2 - count // 2
    kept = spectrum[low : low + count, low : low + count]
    return np.ascontiguousarray(np.fft.ifft2(np.fft.ifftshift(kept)).real * (count / n) ** 2).astype(np.float32)
