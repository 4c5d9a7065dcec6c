"""Reading maps between their pixels, from one surface only."""

from __future__ import annotations

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
    height, width = values.shape
    finite = np.nan_to_num(places, nan=-9.0, posinf=-9.0, neginf=-9.0)
    left, top = np.floor(np.clip(finite, -9, 1e6).T - 0.5).astype(np.int64)
    right, down = finite.T - 0.5 - (left, top)
    total, weight = np.zeros(len(places)), np.zeros(len(places))
    for row, column, share in (
        (top, left, (1 - right) * (1 - down)),
        (top, left + 1, right * (1 - down)),
        (top + 1, left, (1 - right) * down),
        (top + 1, left + 1, right * down),
    ):
        inside = (row >= 0) & (row < height) & (column >= 0) & (column < width)
        i, j = np.where(inside, row, 0), np.where(inside, column, 0)
        share = np.where(inside & known[i, j] & (np.abs(depth[i, j] - depths) <= tolerance), share, 0.0)
        total += share * values[i, j]
        weight += share
    return np.where(weight > 0, total / np.maximum(weight, 1e-12), 0.0), weight


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
