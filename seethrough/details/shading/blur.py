"""Gaussian blur of maps."""

from __future__ import annotations

import math
from functools import cache

import numpy as np
import torch
from numba import njit
from torch import Tensor
from torch.nn import functional

from seethrough.device_constants import constant_like


def blur(values: Tensor, deviation: float) -> Tensor:
    """Blur (H, W) values that go on as 0 outside by a Gaussian of ``deviation`` px; its own adjoint.

    Without gradient on the CPU, where plain loops are quicker than a convolution of one channel.
    """
    if values.device.type == "cpu" and not values.requires_grad and values.dtype in (torch.float32, torch.float64):
        result = torch.empty(values.shape, dtype=values.dtype)
        source = values.contiguous().numpy()
        _blur(source, np.array(_taps(deviation), dtype=source.dtype), result.numpy())
        return result
    taps = constant_like(_taps(deviation), values)
    reach = len(taps) // 2
    rows = functional.conv2d(values[None, None], taps[None, None, :, None], padding=(reach, 0))
    return functional.conv2d(rows, taps[None, None, None], padding=(0, reach))[0, 0]


@cache
def _taps(deviation: float) -> tuple[float, ...]:
    reach = max(1, math.ceil(2.5 * deviation))
    weights = [math.exp(-0.5 * (k / deviation) ** 2) for k in range(-reach, reach + 1)]
    return tuple(weight / sum(weights) for weight in weights)


@njit(nogil=True, cache=True, error_model="numpy", fastmath={"contract"})
def _blur(values, taps, result):
    height, width = values.shape
    reach = len(taps) // 2
    line = np.zeros(width + 2 * reach, values.dtype)  # of the picture blurred downwards, with 0 at either end
    middle = line[reach : reach + width]
    for y in range(height):
        middle[:] = 0.0
        for k in range(max(-reach, -y), min(reach, height - 1 - y) + 1):
            for x in range(width):
                middle[x] += taps[reach + k] * values[y + k, x]
        result[y] = 0.0
        for k in range(len(taps)):
            for x in range(width):
                result[y, x] += taps[k] * line[x + k]
