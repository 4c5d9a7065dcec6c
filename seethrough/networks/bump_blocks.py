"""The blocks of the bump translator's encoder and decoder."""

from __future__ import annotations

import math
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional

from seethrough.networks.enlarged_convolution import EnlargedConvolution

Upsampling = Literal["resize", "transposed", "transposed_3x3"]
Normalisation = Literal["none", "group"]
BIAS = 0.1
_GROUP_CHANNELS = 8


class EncoderBlock(nn.Module):
    """A convolution of stride 2, unless it is the first block, and two more, all 3x3 and each followed by ReLU.

    Args:
        channels_in: of the input.
        channels_out: of the output; the strided convolution keeps ``channels_in``.
        normalisation: before each activation.
        strided: halve the resolution.
        padding: zeros around the input of the first convolution that is not strided.
    """

    def __init__(
        self,
        channels_in: int,
        channels_out: int,
        normalisation: Normalisation,
        *,
        strided: bool = False,
        padding: int = 1,
    ) -> None:
        super().__init__()
        self.down = nn.Conv2d(channels_in, channels_in, 3, stride=2, padding=1) if strided else None
        self.first = nn.Conv2d(channels_in, channels_out, 3, padding=padding)
        self.second = nn.Conv2d(channels_out, channels_out, 3, padding=1)
        self.norms = _norms(normalisation, ([channels_in] if strided else []) + [channels_out] * 2)
        for layer in (self.down, self.first, self.second):
            if layer is not None:
                initialise(layer)

    def forward(self, features: Tensor) -> Tensor:
        """Return (B, channels_out, h, w) features, half as high and wide in a strided block."""
        layers = [layer for layer in (self.down, self.first, self.second) if layer is not None]
        for layer, norm in zip(layers, self.norms, strict=True):
            features = functional.relu(norm(layer(features)), inplace=True)
        return features


class DecoderBlock(nn.Module):
    """Double the resolution, join the encoder's features of that resolution, and convolve twice with ReLU.

    Args:
        channels_in: of the input.
        channels_out: of the encoder's features and of the output.
        upsampling: ``resize`` is nearest-neighbour resizing and a 3x3 convolution (Odena et al. 2016, the paper);
            ``transposed`` a transposed convolution of 4x4, as in the network that the paper's is derived from (Isola et
            al. 2017); ``transposed_3x3`` one with as many parameters as ``resize``. None has an activation.
        normalisation: before each activation.
    """

    def __init__(
        self, channels_in: int, channels_out: int, upsampling: Upsampling, normalisation: Normalisation
    ) -> None:
        super().__init__()
        if upsampling == "resize":
            self.up: nn.Module = EnlargedConvolution(channels_in, channels_out)
        elif upsampling == "transposed":
            self.up = nn.ConvTranspose2d(channels_in, channels_out, 4, stride=2, padding=1)
        elif upsampling == "transposed_3x3":
            self.up = nn.ConvTranspose2d(channels_in, channels_out, 3, stride=2, padding=1, output_padding=1)
        else:
            raise ValueError(f"upsampling must be resize, transposed or transposed_3x3, got {upsampling!r}")
        self.first = nn.Conv2d(2 * channels_out, channels_out, 3, padding=1)
        self.second = nn.Conv2d(channels_out, channels_out, 3, padding=1)
        self.norms = _norms(normalisation, [channels_out] * 2)
        for layer in (self.up, self.first, self.second):
            initialise(layer)

    def forward(self, features: Tensor, skip: Tensor) -> Tensor:
        """Return (B, channels_out, 2h, 2w) features; ``skip`` (B, channels_out, 2h, 2w) comes from the encoder."""
        features = torch.cat([self.up(features), skip], dim=1)
        for layer, norm in zip((self.first, self.second), self.norms, strict=True):
            features = functional.relu(norm(layer(features)), inplace=True)
        return features


def initialise(layer: nn.Module) -> None:
    """Give a convolution Glorot's normal weights with a gain of sqrt(2) and the bias 0.1 (A.2 and the release)."""
    assert isinstance(layer, nn.Conv2d | nn.ConvTranspose2d) and layer.bias is not None
    nn.init.xavier_normal_(layer.weight, gain=math.sqrt(2))
    nn.init.constant_(layer.bias, BIAS)


def _norms(normalisation: Normalisation, channels: list[int]) -> nn.ModuleList:
    if normalisation == "none":
        return nn.ModuleList(nn.Identity() for _ in channels)
    if normalisation == "group":
        return nn.ModuleList(nn.GroupNorm(_groups(count), count) for count in channels)
    raise ValueError(f"normalisation must be none or group, got {normalisation!r}")


def _groups(channels: int) -> int:
    """Return how many groups of about eight channels divide them."""
    return next(count for count in range(max(channels // _GROUP_CHANNELS, 1), 0, -1) if channels % count == 0)
