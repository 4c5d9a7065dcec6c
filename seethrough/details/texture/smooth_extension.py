"""Extending values that are known in places over a whole picture, smoothly."""

from __future__ import annotations

import numpy as np
import torch
from torch.nn import functional


def extended(values: np.ndarray, weight: np.ndarray, finest: int = 0) -> np.ndarray:
    """Return (S, S, C) values where they are known, and blends of the nearest known ones elsewhere.

    Push and pull (Gortler et al. 1996): weighted means over squares of doubling size, then from coarse to fine what is
    known at each scale over what the coarser one says.

    Args:
        values: (S, S, C).
        weight: (S, S) in [0, 1], how well each is known; 0 is unknown. Where nothing is known the result is 0.
        finest: levels, each half as fine as the one before, that are passed over: 5 gives means over 32 pixels.
    """
    known = torch.from_numpy(np.ascontiguousarray(weight, dtype=np.float32))[None, None]
    total = torch.from_numpy(np.ascontiguousarray(values, dtype=np.float32)).permute(2, 0, 1)[None] * known
    pyramid = [(total, known)]
    while max(pyramid[-1][1].shape[-2:]) > 1:
        pyramid.append(tuple(functional.avg_pool2d(each, 2, ceil_mode=True) for each in pyramid[-1]))  # pyright: ignore
    finest = min(finest, len(pyramid) - 1)
    total, known = pyramid[-1]
    result = total / known.clamp_min(1e-12)
    for total, known in pyramid[finest:-1][::-1]:
        below = functional.interpolate(result, total.shape[-2:], mode="bilinear", align_corners=False)
        # Many squares are known in a corner only; four times the share makes a quarter count in full.
        share = (4 * known).clamp(max=1)
        result = share * total / known.clamp_min(1e-12) + (1 - share) * below
    if finest:
        result = functional.interpolate(result, weight.shape, mode="bilinear", align_corners=False)
    return result[0].permute(1, 2, 0).numpy()
