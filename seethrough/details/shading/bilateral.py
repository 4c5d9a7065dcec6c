"""The bilateral filter that RGBD-Fusion smooths a depth map with before it looks at normals."""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn import functional


def bilateral(depth: Tensor, mask: Tensor, half_width: int, deviation_px: float, deviation_mm: float) -> Tensor:
    """Average (H, W) depths in mm over a square window, near and alike ones most; pixels outside the mask give nothing.

    Where the window is cut off at the mask's border, a pixel counts only together with its mirror about the middle of
    the window: planes stay as they are wherever they end.

    Args:
        depth: (H, W) mm.
        mask: (H, W) 1 inside.
        half_width: of the window, px.
        deviation_px: of the Gaussian over distance.
        deviation_mm: of the Gaussian over depth.
    """
    height, width = depth.shape
    pad = (half_width,) * 4
    around = functional.pad(depth[None], pad)[0]
    inside = functional.pad(mask[None], pad)[0]
    total, weights = torch.zeros_like(depth), torch.zeros_like(depth)
    for row in range(-half_width, half_width + 1):
        for column in range(-half_width, half_width + 1):
            here = (slice(half_width + row, half_width + row + height), slice(half_width + column, None))
            there = (slice(half_width - row, half_width - row + height), slice(half_width - column, None))
            value = around[here][:, :width]
            near = math.exp(-(row**2 + column**2) / (2 * deviation_px**2))
            weight = torch.exp(-(value - depth).square() / (2 * deviation_mm**2)).mul_(near)
            weight.mul_(inside[here][:, :width]).mul_(inside[there][:, :width])
            total.addcmul_(weight, value - depth)
            weights.add_(weight)
    return depth + mask * total / weights.clamp_min(1e-12)
