"""From a face crop to a bump map of the same pixels: the encoder-decoder of Extreme 3D (Sec. 4.1, Table 2)."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import NamedTuple, TypeVar

import torch
from torch import Tensor, nn
from torch.nn import functional

from seethrough.details.bump_encoding import CODES_PER_MM, ZERO
from seethrough.networks.bump_blocks import DecoderBlock, EncoderBlock, Normalisation, Upsampling
from seethrough.precision import in_full_precision

Value = TypeVar("Value", float, Tensor)
HALF_CODE_RANGE = 127.5


class Translation(NamedTuple):
    """What the network says of each pixel of an image."""

    bump: Tensor
    """(B, 1, H, W) mm, positive towards the camera."""
    mask: Tensor | None
    """(B, 1, H, W) in (-1, 1), above one half on the face; None without a mask head."""


class BumpTranslator(nn.Module):
    """A U-Net without pooling that keeps pixel and bump aligned, for images of any size.

    Defaults are the paper's network, 37,750,497 parameters: the first convolution pads by 7, so that 500 px become 512,
    every further encoder block begins with a stride of 2, every decoder block with nearest-neighbour resizing and a
    convolution without activation. The last layer is a tanh over the release's 8-bit code, ``code = 127.5 (t + 1)``
    and ``bump = (code - 127) / 9.6``, -13.2 to 13.3 mm.

    Args:
        width: channels of the first block; they double from block to block.
        depth: number of encoder blocks; there is one decoder block less.
        upsampling: how decoder blocks grow, see :class:`~seethrough.networks.bump_blocks.DecoderBlock`.
        mask_head: add the release's second head, a last decoder block and convolution of its own, for the face's mask.
        padding: zeros around the image; the output loses ``padding - 1`` of them on each side.
        maximum_width: channels at most; None for no limit.
        normalisation: after each activated convolution, before its activation.
        small_output: begin at the bump 0 everywhere, and let the last layer count in mm ahead of the tanh, instead of
            torch's initial values and 13 mm a unit (the release): steps of Adam that suit the other layers would throw
            the bump about by a millimetre each, until all its activations die.
    """

    def __init__(
        self,
        width: int = 16,
        depth: int = 7,
        upsampling: Upsampling = "resize",
        mask_head: bool = False,
        padding: int = 7,
        *,
        maximum_width: int | None = None,
        normalisation: Normalisation = "none",
        small_output: bool = False,
    ) -> None:
        super().__init__()
        if width < 1 or depth < 2 or padding < 1:
            raise ValueError(f"width {width} and padding {padding} must be at least 1, depth {depth} at least 2")
        widths = [min(width * 2**level, maximum_width or width * 2**level) for level in range(depth)]
        self.padding = padding
        self.stride = 2 ** (depth - 1)
        first = EncoderBlock(3, widths[0], normalisation, padding=padding)
        rest = [EncoderBlock(before, after, normalisation, strided=True) for before, after in pairwise(widths)]
        self.encoder = nn.ModuleList([first, *rest])
        self.decoder = nn.ModuleList(
            DecoderBlock(widths[level + 1], widths[level], upsampling, normalisation) for level in range(depth - 1)
        )
        self.head = nn.Conv2d(widths[0], 1, 3, padding=1)
        self.head_scale = CODES_PER_MM / HALF_CODE_RANGE if small_output else 1.0
        self.mask_decoder = DecoderBlock(widths[1], widths[0], upsampling, normalisation) if mask_head else None
        self.mask_output = nn.Conv2d(widths[0], 1, 3, padding=1) if mask_head else None
        if small_output:
            nn.init.zeros_(self.head.weight)
            assert self.head.bias is not None
            nn.init.constant_(self.head.bias, math.atanh(network_units(0.0)) / self.head_scale)
        self.to(memory_format=torch.channels_last)

    @property
    def margin(self) -> int:
        """Pixels that the network works on beyond each side of the image: 6 for the paper's padding of 7."""
        return self.padding - 1

    def forward(self, image: Tensor) -> Tensor:
        """Return the (B, 1, H, W) bump in mm of an image; see :meth:`translate`."""
        return self.translate(image).bump

    def translate(self, image: Tensor) -> Translation:
        """Return bump and mask of every pixel.

        Args:
            image: (B, 3, H, W) RGB in [0, 1]. Any height and width: what lacks to a multiple of the network's stride is
                added at the bottom and on the right, as grey like the padding, and cut off again.

        Raises:
            ValueError: it is no batch of colour images.
        """
        if image.ndim != 4 or image.shape[1] != 3:
            raise ValueError(f"expected a (B, 3, H, W) image, got {tuple(image.shape)}")
        height, width = image.shape[-2:]
        features = (2 * image - 1).contiguous(memory_format=torch.channels_last)
        below, beside = (-(side + 2 * self.margin) % self.stride for side in (height, width))
        if below or beside:
            features = functional.pad(features, (0, beside, 0, below))
        skips = []
        for block in self.encoder:
            features = block(features)
            skips.append(features)
        last = len(self.decoder) - 1
        for level in range(last, 0, -1):
            features = self.decoder[level](features, skips[level])

        rows, columns = slice(self.margin, self.margin + height), slice(self.margin, self.margin + width)
        bump = millimetres(_output(self.head, self.decoder[0](features, skips[0]), self.head_scale))
        bump = bump[..., rows, columns]
        if self.mask_decoder is None or self.mask_output is None:
            return Translation(bump, None)
        return Translation(
            bump, _output(self.mask_output, self.mask_decoder(features, skips[0]), 1.0)[..., rows, columns]
        )


@in_full_precision
def _output(head: nn.Module, features: Tensor, scale: float) -> Tensor:
    """Return the tanh of the last layer: bfloat16 would tell heights of a millimetre apart by 0.05 mm only."""
    return torch.tanh(scale * head(features))


def millimetres(output: Value) -> Value:
    """Return the bump in mm that a tanh in [-1, 1] stands for (the release's 8-bit code, 9.6 steps a mm above 127)."""
    return (HALF_CODE_RANGE * (output + 1) - ZERO) / CODES_PER_MM


def network_units(bump: Value) -> Value:
    """Return the tanh in [-1, 1] that stands for a bump in mm, the inverse of :func:`millimetres`."""
    return (CODES_PER_MM * bump + ZERO) / HALF_CODE_RANGE - 1
