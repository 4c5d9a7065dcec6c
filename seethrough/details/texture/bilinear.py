"""Reading pictures between their pixels, all channels at once."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional


def sampled(picture: np.ndarray, places: np.ndarray) -> np.ndarray:
    """Read a picture at places between its pixels; places beside it read its border.

    Args:
        picture: (H, W, C).
        places: (N, 2) px (x, y), half-integer pixel centres.

    Returns:
        (N, C) float32, bilinear.
    """
    height, width = picture.shape[:2]
    planes = torch.from_numpy(np.ascontiguousarray(np.moveaxis(picture, 2, 0), dtype=np.float32))
    return read(planes, grid_of(places, height, width))


def grid_of(places: np.ndarray, height: int, width: int) -> Tensor:
    """Return (1, 1, N, 2) places (N, 2) px of a picture of some size, as :func:`read` takes them for any size."""
    grid = np.empty((1, 1, len(places), 2), dtype=np.float32)
    for axis, side in enumerate((width, height)):
        grid[0, 0, :, axis] = places[:, axis] / (side / 2) - 1
    return torch.from_numpy(grid)


def read(planes: Tensor, grid: Tensor) -> np.ndarray:
    """Read (C, H, W) planes at the places of a grid: (N, C) float32."""
    found = functional.grid_sample(planes[None], grid, mode="bilinear", padding_mode="border", align_corners=False)
    return found[0, :, 0].T.numpy()
