"""Extending values that are known in places over a whole picture, smoothly."""

from __future__ import annotations

from torch import Tensor
from torch.nn import functional


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
