"""A small residual network that makes training on a few CPU cores possible."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn


class ResidualBlock(nn.Module):
    """Two 3x3 convolutions with batch normalisation and a projected shortcut; halves height and width."""

    def __init__(self, in_channels: int, out_channels: int) -> None:
        super().__init__()
        self.first = nn.Conv2d(in_channels, out_channels, 3, stride=2, padding=1, bias=False)
        self.first_norm = nn.BatchNorm2d(out_channels)
        self.second = nn.Conv2d(out_channels, out_channels, 3, padding=1, bias=False)
        self.second_norm = nn.BatchNorm2d(out_channels)
        self.shortcut = nn.Conv2d(in_channels, out_channels, 1, stride=2, bias=False)

    def forward(self, features: Tensor) -> Tensor:
        """Return (B, out_channels, ceil(H / 2), ceil(W / 2)) from (B, in_channels, H, W)."""
        residual = torch.relu_(self.first_norm(self.first(features)))
        residual = self.second_norm(self.second(residual))
        return torch.relu_(residual.add_(self.shortcut(features)))


class NarrowBackbone(nn.Module):
    """Stem, three residual stages, a 1x1 convolution and one hidden layer.

    The last feature map is flattened rather than averaged: pose is read from where things are, and an average over
    positions would have to relearn that.

    Args:
        image_size: height and width in pixels, at least 16; decides the size of the hidden layer's input.
        widths: channels of the stem and of each stage.
        squeeze: channels after the 1x1 convolution.
        features: length of the returned vector.
    """

    def __init__(
        self, image_size: int, widths: Sequence[int] = (16, 32, 64, 128), squeeze: int = 64, features: int = 256
    ) -> None:
        super().__init__()
        if len(widths) < 2:
            raise ValueError(f"the narrow encoder needs a stem and at least one stage, got widths {tuple(widths)}")
        if image_size < 2 ** len(widths):
            raise ValueError(f"image size {image_size} is too small for {len(widths)} halvings")
        self.stem = nn.Conv2d(3, widths[0], 5, stride=2, padding=2, bias=False)
        self.stem_norm = nn.BatchNorm2d(widths[0])
        self.stages = nn.Sequential(*(ResidualBlock(narrow, wide) for narrow, wide in pairwise(widths)))
        self.squeeze = nn.Conv2d(widths[-1], squeeze, 1)
        side = -(-image_size // 2 ** len(widths))
        self.hidden = nn.Linear(squeeze * side * side, features)
        # A third more images a second on a CPU, and it scales to a second thread; the weights carry the layout along.
        self.to(memory_format=torch.channels_last)

    def forward(self, image: Tensor) -> Tensor:
        """Return (B, features) non-negative activations from a (B, 3, image_size, image_size) batch."""
        image = image.contiguous(memory_format=torch.channels_last)
        features = torch.relu_(self.stem_norm(self.stem(image)))
        features = torch.relu_(self.squeeze(self.stages(features)))
        return torch.relu_(self.hidden(features.flatten(1)))
