from __future__ import annotations

from functools import lru_cache

import numpy as np

SIDE, FIELD = 256, 256 / 224


@lru_cache
def smooth_picture(side: int = SIDE, seed: int = 0) -> np.ndarray:
    """(side, side, 3) uint8 without detail that a resampling could lose."""
    random = np.random.default_rng(seed)
    y, x = np.mgrid[:side, :side] / side
    waves = [
        np.cos(2 * np.pi * (a * x + b * y) + c)
        for a, b, c in zip(*random.uniform(-4, 4, (2, 9)), random.uniform(0, 6, 9), strict=True)
    ]
    picture = np.stack([sum(waves[k::3]) for k in range(3)], axis=2)
    return np.rint(128 + 40 * picture).clip(0, 255).astype(np.uint8)


def points(side: int = SIDE, seed: int = 0) -> np.ndarray:
    """(68, 2) px well inside."""
    return np.random.default_rng(seed).uniform(0.3 * side, 0.7 * side, (68, 2))


@lru_cache
def disc(side: int = SIDE, radius: float = 60, centre: tuple[float, float] | None = None) -> np.ndarray:
    """(side, side) uint8, 255 inside a circle; hard edges."""
    x, y = centre or (side / 2, side / 2)
    rows, columns = np.mgrid[:side, :side] + 0.5
    return np.where((columns - x) ** 2 + (rows - y) ** 2 <= radius**2, 255, 0).astype(np.uint8)
