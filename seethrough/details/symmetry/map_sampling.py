"""Reading maps between their pixels, from one surface only."""

from __future__ import annotations

import numba
import numpy as np


def pixel_coordinates(points: np.ndarray, camera) -> np.ndarray:
    """Project (N, 3) points of the camera frame, mm, to (N, 2) px (x, y)."""
    return points[:, :2] / points[:, 2:] * camera.focal + camera.principal_point


def sample_surface(
    values: np.ndarray, known: np.ndarray, depth: np.ndarray, places: np.ndarray, depths: np.ndarray, tolerance: float
) -> tuple[np.ndarray, np.ndarray]:
    """Read a map at places on a surface: bilinear over those of the four pixels around that see this surface.

    Args:
        values: (H, W).
        known: (H, W) bool, pixels that count.
        depth: (H, W) mm of what the pixels see.
        places: (N, 2) px (x, y).
        depths: (N,) mm of the places.
        tolerance: mm between the two.

    Returns:
        (N,) values, 0 where no pixel counts, and (N,) the bilinear weight of the pixels that do, in [0, 1].
    """
    total, weight = np.zeros(len(places)), np.zeros(len(places))
    _sum_of_four(values, known, depth, places, depths, tolerance, total, weight)
    return np.where(weight > 0, total / np.maximum(weight, 1e-12), 0.0), weight


@numba.njit(nogil=True, cache=True)
def _sum_of_four(values, known, depth, places, depths, tolerance, total, weight):
    height, width = values.shape
    for n in range(len(places)):
        x, y = places[n, 0] - 0.5, places[n, 1] - 0.5
        if not (-1.0 <= x < width and -1.0 <= y < height):  # nor where it is not a number
            continue
        left, top = int(np.floor(x)), int(np.floor(y))
        right, down = x - left, y - top
        for row in range(max(top, 0), min(top + 2, height)):
            for column in range(max(left, 0), min(left + 2, width)):
                if known[row, column] and abs(depth[row, column] - depths[n]) <= tolerance:
                    share = (right if column > left else 1 - right) * (down if row > top else 1 - down)
                    total[n] += share * values[row, column]
                    weight[n] += share


def nearest_in_depth(depth: np.ndarray, known: np.ndarray, places: np.ndarray, depths: np.ndarray) -> np.ndarray:
    """Return (N,) mm between a place's depth and the most similar depth of the 3 x 3 pixels around it; inf for none."""
    height, width = depth.shape
    finite = np.clip(np.nan_to_num(places, nan=-9.0, posinf=-9.0, neginf=-9.0), -9, 1e6)
    column, row = np.floor(finite.T).astype(np.int64)
    best = np.full(len(places), np.inf)
    for down in (-1, 0, 1):
        for right in (-1, 0, 1):
            i, j = row + down, column + right
            inside = (i >= 0) & (i < height) & (j >= 0) & (j < width)
            i, j = np.where(inside, i, 0), np.where(inside, j, 0)
            best = np.minimum(best, np.where(inside & known[i, j], np.abs(depth[i, j] - depths), np.inf))
    return best
