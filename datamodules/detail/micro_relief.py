"""Pores, the net of fine lines and the unevenness of skin: periodic textures, made once for a chart's resolution."""

from __future__ import annotations

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

    def spread(self, kind: str, chart: Chart, rng: np.random.Generator) -> np.ndarray:
        """Lay a texture over a chart from a random place on, turned by a random angle: (rows, columns) float32."""
        field = self.fields[kind]
        size = len(field)
        angle, shift = rng.uniform(0, 2 * np.pi), rng.uniform(0, size, 2)
        x, y = chart.axes()
        c, s = np.float32(np.cos(angle) / self.texel), np.float32(np.sin(angle) / self.texel)
        column = (c * x - s * y + np.float32(shift[0])) % np.float32(size)
        row = (s * x + c * y + np.float32(shift[1])) % np.float32(size)
        j, i = column.astype(np.int32) % size, row.astype(np.int32) % size
        u, v = column - np.floor(column), row - np.floor(row)
        after_j, after_i = (j + 1) % size, (i + 1) % size
        lower = field[i, j] + u * (field[i, after_j] - field[i, j])
        upper = field[after_i, j] + u * (field[after_i, after_j] - field[after_i, j])
        return lower + v * (upper - lower)


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
        across = int(round(PERIOD_MM / spacing))
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
    cells = int(round(PERIOD_MM / 1.3))
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
