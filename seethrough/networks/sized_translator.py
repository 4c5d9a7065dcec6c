"""A bump translator that sees every image at the size that it learned from."""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional

from seethrough.networks.bump_translator import BumpTranslator, Translation


class SizedTranslator(nn.Module):
    """Translate images of any square size, each shown to the network at its own size.

    Wrinkles have a size in pixels, and a network knows them at that of its training: an image of another size is
    resampled (antialiased) before, and the bump map after. Heights stay in mm: they do not shrink with the picture.

    Args:
        translator: the network.
        size: pixels of its training images' sides.
    """

    def __init__(self, translator: BumpTranslator, size: int) -> None:
        super().__init__()
        if size < 1:
            raise ValueError(f"size {size} must be at least 1")
        self.translator = translator
        self.size = size

    def forward(self, image: Tensor) -> Tensor:
        """Return the (B, 1, S, S) bump in mm of images (B, 3, S, S) in [0, 1]."""
        return self.translate(image).bump

    def translate(self, image: Tensor) -> Translation:
        """Return bump and mask of every pixel of images (B, 3, S, S) in [0, 1]; raises ``ValueError`` for others."""
        if image.ndim != 4 or image.shape[-1] != image.shape[-2]:
            raise ValueError(f"expected (B, 3, S, S) images, got {tuple(image.shape)}")
        side = image.shape[-1]
        if side == self.size:
            return self.translator.translate(image)
        seen = self.translator.translate(_resampled(image, self.size).clamp(0, 1))
        mask = None if seen.mask is None else _resampled(seen.mask, side)
        return Translation(_resampled(seen.bump, side), mask)


def _resampled(maps: Tensor, side: int) -> Tensor:
    return functional.interpolate(maps, (side, side), mode="bicubic", align_corners=False, antialias=True)
