"""Extending values that are known in places over a whole picture, smoothly."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional


def extended(values: np.ndarray, weight: np.ndarray, finest: int = 0) -> np.ndarray:
    """Return (S, S, C) values where they are known, and blends of the nearest known ones elsewhere.

    Args:
        values: (S, S, C).
        weight: (S, S) in [0, 1], how well each is known; 0 is unknown. Where nothing is known the result is 0.
        finest: levels, each half as fine as the one before, that are passed over: 5 gives means over 32 pixels.
    """
    planes = torch.from_numpy(np.ascontiguousarray(np.moveaxis(values, 2, 0), dtype=np.float32))
    known = torch.from_numpy(np.ascontiguousarray(weight, dtype=np.float32))
    result = Extension(planes, known).at(finest)[None]
    if result.shape[-2:] != known.shape:
        result = functional.interpolate(result, known.shape, mode="bilinear", align_corners=False)
    return result[0].permute(1, 2, 0).numpy()


class Extension:
    """Values that are known in places, as weighted means over squares of doubling size (Gortler et al. 1996).

    Args:
        values: (C, S, S).
        weight: (S, S) in [0, 1], how well each is known.
    """

    def __init__(self, values: Tensor, weight: Tensor) -> None:
        known = weight[None, None]
        self._pyramid = [(values[None] * known, known)]
        while max(self._pyramid[-1][1].shape[-2:]) > 1:
            total, known = (functional.avg_pool2d(each, 2, ceil_mode=True) for each in self._pyramid[-1])
            self._pyramid.append((total, known))

    def at(self, finest: int) -> Tensor:
        """Return (C, s, s) at a scale: from coarse to fine what is known over what the coarser scale says.

        Args:
            finest: halvings of the side; 0 is full size.
        """
        finest = min(finest, len(self._pyramid) - 1)
        total, known = self._pyramid[-1]
        result = total / known.clamp_min(1e-12)
        for total, known in self._pyramid[finest:-1][::-1]:
            below = functional.interpolate(result, total.shape[-2:], mode="bilinear", align_corners=False)
            # Many squares are known in a corner only; four times the share makes a quarter count in full.
            share = (4 * known).clamp(max=1)
            result = share * total / known.clamp_min(1e-12) + (1 - share) * below
        return result[0]
