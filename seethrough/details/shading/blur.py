"""Gaussian blur of maps."""

from __future__ import annotations

import math
from functools import cache

from torch import Tensor
from torch.nn import functional

from seethrough.device_constants import constant_like


def blur(values: Tensor, deviation: float) -> Tensor:
    """Blur (H, W) values that go on as 0 outside by a Gaussian of ``deviation`` px; its own adjoint."""
    taps = constant_like(_taps(deviation), values)
    reach = len(taps) // 2
    rows = functional.conv2d(values[None, None], taps[None, None, :, None], padding=(reach, 0))
    return functional.conv2d(rows, taps[None, None, None], padding=(0, reach))[0, 0]


@cache
def _taps(deviation: float) -> tuple[float, ...]:
    reach = max(1, math.ceil(2.5 * deviation))
    weights = [math.exp(-0.5 * (k / deviation) ** 2) for k in range(-reach, reach + 1)]
    return tuple(weight / sum(weights) for weight in weights)
