"""The skin unrolled: a plane in mm, round the head and up, on which relief is drawn and from which pixels read it."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numba
import numpy as np

MARGIN_MM = 4.0


@dataclass(frozen=True)
class Chart:
    """A grid over the unrolled skin of a face model.

    Coordinates are those of :class:`~datamodules.synthetic.skin_map.SkinMap`: millimetres round the head (to the
    viewer's right) and up, the same for every person, so that a place on the chart is a place of the anatomy.

    Attributes:
        left: round the head, mm, of the first column.
        bottom: up, mm, of the first row.
        texel: spacing of the grid, mm.
        rows: number of rows, upwards.
        columns: number of columns.
    """

    left: float
    bottom: float
    texel: float
    rows: int
    columns: int

    @classmethod
    def over(cls, places: np.ndarray, texel: float) -> Chart:
        """Return the grid of a given spacing that holds all (V, 2) ``places``."""
        low, high = places.min(0) - MARGIN_MM, places.max(0) + MARGIN_MM
        columns, rows = (int(count) for count in np.ceil((high - low) / texel) + 1)
        return cls(float(low[0]), float(low[1]), texel, rows, columns)

    def empty(self) -> np.ndarray:
        """Return a flat relief, (rows, columns) float32."""
        return np.zeros((self.rows, self.columns), np.float32)

    def axes(self) -> tuple[np.ndarray, np.ndarray]:
        """Return x (1, columns) and y (rows, 1) of the grid, mm, float32."""
        x = self.left + self.texel * np.arange(self.columns)
        y = self.bottom + self.texel * np.arange(self.rows)
        return x[None].astype(np.float32), y[:, None].astype(np.float32)

    def spot(self, at: np.ndarray, radii: tuple[float, float], turn: float = 0.0) -> np.ndarray:
        """Return a Gaussian of height 1 about the point ``at``: (rows, columns) float32.

        Args:
            at: (2,) mm.
            radii: standard deviations along and across, mm.
            turn: angle of the first of them over the horizontal, counter-clockwise, rad.
        """
        out = self.empty()
        add_spot(out, self.left, self.bottom, self.texel, float(at[0]), float(at[1]), *radii, turn, 1.0)
        return out


@numba.njit(cache=True)
def add_spot(field, left, bottom, texel, x, y, along, across, turn, height):
    """Add a turned Gaussian to a chart in place, out to three and a half standard deviations."""
    reach = 3.5 * max(along, across)
    c, s = math.cos(turn), math.sin(turn)
    first, last = max(int((x - reach - left) / texel), 0), min(int((x + reach - left) / texel) + 2, field.shape[1])
    low, high = max(int((y - reach - bottom) / texel), 0), min(int((y + reach - bottom) / texel) + 2, field.shape[0])
    for i in range(low, high):
        dy = bottom + i * texel - y
        for j in range(first, last):
            dx = left + j * texel - x
            u, v = (c * dx + s * dy) / along, (c * dy - s * dx) / across
            square = u * u + v * v
            if square < 12.25:
                field[i, j] += height * math.exp(-0.5 * square)


@numba.njit(cache=True, inline="always")
def read(field, x, y):
    """Read a (rows, columns) field between its texels, bilinearly; ``x``, ``y`` in texels, clamped to the border."""
    x = min(max(x, np.float32(0.0)), np.float32(field.shape[1] - 1.001))
    y = min(max(y, np.float32(0.0)), np.float32(field.shape[0] - 1.001))
    j, i = int(x), int(y)
    u, v = x - np.float32(j), y - np.float32(i)
    lower = field[i, j] + u * (field[i, j + 1] - field[i, j])
    upper = field[i + 1, j] + u * (field[i + 1, j + 1] - field[i + 1, j])
    return lower + v * (upper - lower)
