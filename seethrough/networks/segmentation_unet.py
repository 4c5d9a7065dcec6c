"""The network that says which pixels of a crop the face model can explain."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

from seethrough.networks.enlarged_convolution import EnlargedConvolution


class SegmentationUNet(nn.Module):
    """The outlier segmentation network S of FOCUS (Sec. 3.1): a U-Net over the rendered and the target image.

    Defaults are the paper's network, 34.5 M parameters. The channels double from level to level unless ``widths``
    names them.

    Args:
        width: channels of the first level.
        depth: number of levels; the image is halved depth - 1 times.
        convolutions: 3x3 convolutions in each block, one number for all levels or one per level.
        slope: steepness of the mask, ``sigmoid(slope * logits)``; 5 in the FOCUS release.
        dropout: probability after the two deepest encoder blocks.
        widths: channels of every level, instead of ``width`` and ``depth``.
    """

    def __init__(
        self,
        width: int = 64,
        depth: int = 5,
        convolutions: int | Sequence[int] = 2,
        slope: float = 5.0,
        dropout: float = 0.5,
        widths: Sequence[int] | None = None,
    ) -> None:
        super().__init__()
        channels = [width * 2**level for level in range(depth)] if widths is None else [int(w) for w in widths]
        depth = len(channels)
        counts = [convolutions] * depth if isinstance(convolutions, int) else [int(c) for c in convolutions]
        if depth < 2 or min(channels) < 1:
            raise ValueError(f"a U-Net needs at least two levels with at least one channel, got {channels}")
        if len(counts) != depth or min(counts) < 1:
            raise ValueError(f"expected one number of convolutions >= 1 for each of {depth} levels, got {convolutions}")
        self.slope = slope
        self.stride = 2 ** (depth - 1)
        self.encoder = nn.ModuleList(
            _block(wide_in, wide_out, count)
            for wide_in, wide_out, count in zip([6, *channels[:-1]], channels, counts, strict=True)
        )
        self.dropout = nn.Dropout(dropout)
        self.upsampling = nn.ModuleList(
            nn.Sequential(EnlargedConvolution(channels[k + 1], channels[k]), *_activation(channels[k]))
            for k in range(depth - 1)
        )
        self.decoder = nn.ModuleList(_block(2 * channels[k], channels[k], counts[k]) for k in range(depth - 1))
        self.head = nn.Conv2d(channels[0], 1, 1)
        self.to(memory_format=torch.channels_last)  # faster by two thirds at small widths on a CPU

    def forward(self, rendered: Tensor, target: Tensor) -> Tensor:
        """Return (B, 1, H, W) mask logits, before the slope.

        Args:
            rendered: (B, 3, H, W) render of the current reconstruction on black, RGB in [0, 1].
            target: (B, 3, H, W) photo, RGB in [0, 1].

        Any height and width is accepted: the border is repeated up to a multiple of the network's stride, and cut off
        again. Raises ``ValueError`` when the shapes differ or are not images.
        """
        if rendered.shape != target.shape or target.ndim != 4 or target.shape[1] != 3:
            raise ValueError(
                f"expected two (B, 3, H, W) images of one shape, got {tuple(rendered.shape)} and {tuple(target.shape)}"
            )
        height, width = target.shape[-2:]
        features = torch.cat([rendered, target], dim=1).contiguous(memory_format=torch.channels_last)
        bottom, right = -height % self.stride, -width % self.stride
        if bottom or right:
            features = functional.pad(features, (0, right, 0, bottom), mode="replicate")
        skips = []
        deepest = len(self.encoder) - 1
        for level, block in enumerate(self.encoder):
            features = block(features if level == 0 else functional.max_pool2d(features, 2))
            if level >= deepest - 1:
                features = self.dropout(features)
            skips.append(features)
        for level in range(deepest - 1, -1, -1):
            features = self.decoder[level](torch.cat([skips[level], self.upsampling[level](features)], dim=1))
        return self.head(features)[..., :height, :width]

    def mask(self, rendered: Tensor, target: Tensor) -> Tensor:
        """Return the (B, 1, H, W) soft mask in [0, 1], 1 = visible face; the caller cuts it to the rendered face."""
        return torch.sigmoid(self.slope * self(rendered, target))


def _block(in_channels: int, out_channels: int, convolutions: int) -> nn.Sequential:
    layers: list[nn.Module] = []
    for index in range(convolutions):
        layers.append(nn.Conv2d(in_channels if index == 0 else out_channels, out_channels, 3, padding=1))
        layers += _activation(out_channels)
    return nn.Sequential(*layers)


def _activation(channels: int) -> list[nn.Module]:
    return [nn.BatchNorm2d(channels), nn.ReLU(inplace=True)]
