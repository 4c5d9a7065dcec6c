"""A 3x3 convolution of maps that are doubled first, without the doubled maps."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from seethrough.device_constants import constant_like

# What each of 4 taps has of each of 3 weights along one axis. An output pixel sees at most two pixels of the small map
# along it: one with one weight, the other with the sum of two.
_SHARES = ((0.0, 0.0, 1.0), (0.0, 1.0, 1.0), (1.0, 1.0, 0.0), (1.0, 0.0, 0.0))
_TAPS = tuple(tuple(a * b for a in row for b in column) for row in _SHARES for column in _SHARES)

LEAST_PIXELS = 512
"""Of a batch of small maps; below, making the taps takes about as long as they save, whatever the channels."""


class EnlargedConvolution(nn.Conv2d):
    """Nearest-neighbour enlargement by 2, then a 3x3 convolution with zeros around, as one transposed convolution.

    Each output pixel's nine neighbours show only four pixels of the small map, so nine products can be four: weights of
    the same pixel are added up first, which gives taps of 4x4 and a stride of 2. Parameters are those of the
    convolution, under its names; outputs and gradients are the same up to rounding.

    Args:
        channels_in: of the small map.
        channels_out: of the output.
    """

    def __init__(self, channels_in: int, channels_out: int) -> None:
        super().__init__(channels_in, channels_out, 3, padding=1)

    def forward(self, input: Tensor) -> Tensor:
        """Return (B, channels_out, 2h, 2w) from (B, channels_in, h, w)."""
        # A graph that is exported keeps the plain operations: its batch is free, and other runtimes are made for them.
        if torch.compiler.is_exporting() or input.shape[0] * input.shape[2] * input.shape[3] < LEAST_PIXELS:
            return super().forward(functional.interpolate(input, scale_factor=2, mode="nearest"))
        return functional.conv_transpose2d(input, self._taps(), self.bias, stride=2, padding=1)

    def _taps(self) -> Tensor:
        """Return the (channels_in, channels_out, 4, 4) weights of the transposed convolution."""
        weight = self.weight.permute(0, 2, 3, 1).flatten(1, 2)  # as it lies in memory where channels come last
        taps = constant_like(_TAPS, weight) @ weight
        taps = taps.unflatten(1, (4, 4)).permute(3, 0, 1, 2)
        return taps.contiguous(memory_format=torch.channels_last)
