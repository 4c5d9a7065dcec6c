"""The simplest guess of a bump map: what is darker than its surroundings lies deeper."""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from seethrough.precision import in_full_precision

# Luminance as of BT.709. Shape from shading sees the luma of BT.601; this baseline keeps what it has always been, since
# saved fits hold sums over it.
_LUMA = (0.2126, 0.7152, 0.0722)
_WINDOW = 1 / 64
_SURROUNDINGS = 1 / 12
_ALIKE = 0.1


@in_full_precision
def luminance_relief(image: Tensor, mask: Tensor) -> Tensor:
    """Return the (B, 1, H, W) luminance after a bilateral filter, less that of its surroundings in the face.

    The filter's window reaches 1/64 of the image's side and keeps steps above 0.1; the surroundings are a Gaussian of
    1/12 of the side over the face's pixels. 0 beside the face.

    Args:
        image: (B, 3, H, W) RGB in [0, 1].
        mask: (B, 1, H, W), above one half inside the face.
    """
    inside = (mask > 0.5).to(image)
    luminance = (image * image.new_tensor(_LUMA)[:, None, None]).sum(1, keepdim=True)
    side = max(image.shape[-2:])
    smooth = _bilateral(luminance, inside, max(1, round(_WINDOW * side)))
    around = _gaussian(smooth * inside, _SURROUNDINGS * side) / _gaussian(inside, _SURROUNDINGS * side).clamp_min(1e-6)
    return (smooth - around) * inside


class LuminanceBump(nn.Module):
    """A bump map that is a straight line over :func:`luminance_relief`, fitted by least squares on true bump maps.

    Its sums are part of its state and so of checkpoints: a run is compared with what its own training data give.

    Attributes:
        images: that it was fitted on.
    """

    def __init__(self) -> None:
        super().__init__()
        self.images = 0
        self._sums = [0.0] * 5

    def get_extra_state(self) -> dict[str, Any]:
        """Return the sums, as plain numbers: float64 tensors would not follow the network to every device."""
        return {"images": self.images, "sums": list(self._sums)}

    def set_extra_state(self, state: dict[str, Any]) -> None:
        """Take saved sums."""
        self.images, self._sums = int(state["images"]), [float(value) for value in state["sums"]]

    @torch.no_grad()
    def add(self, image: Tensor, bump: Tensor, mask: Tensor) -> None:
        """Take (B, 3, H, W) images with their bump in mm and mask, (B, 1, H, W), into the fit."""
        inside = mask > 0.5
        x, y = (values[inside].cpu().double() for values in (luminance_relief(image, mask), bump))
        sums = (len(x), x.sum(), x.square().sum(), y.sum(), (x * y).sum())
        self._sums = [before + float(more) for before, more in zip(self._sums, sums, strict=True)]
        self.images += len(image)

    def line(self) -> tuple[float, float]:
        """Return the bump at no relief in mm, and the mm a unit of luminance; NaN before anything was added."""
        count, x, xx, y, xy = self._sums
        if not count:
            return math.nan, math.nan
        variance = xx - x * x / count
        slope = (xy - x * y / count) / variance if variance > 1e-9 * count else 0.0
        return (y - slope * x) / count, slope

    @torch.no_grad()
    def forward(self, image: Tensor, mask: Tensor) -> Tensor:
        """Return the (B, 1, H, W) bump in mm, 0 beside the face."""
        offset, slope = self.line()
        return (offset + slope * luminance_relief(image, mask)) * (mask > 0.5)


def _bilateral(values: Tensor, inside: Tensor, reach: int) -> Tensor:
    height, width = values.shape[-2:]
    around, known = (functional.pad(each, (reach,) * 4) for each in (values, inside))
    total, weights = torch.zeros_like(values), torch.full_like(values, 1e-12)
    for row in range(2 * reach + 1):
        for column in range(2 * reach + 1):
            near = math.exp(-((row - reach) ** 2 + (column - reach) ** 2) / (2 * (reach / 2) ** 2))
            value = around[..., row : row + height, column : column + width]
            weight = near * torch.exp(-((value - values) ** 2) / (2 * _ALIKE**2))
            weight = weight * known[..., row : row + height, column : column + width]
            total, weights = total + weight * value, weights + weight
    return total / weights


def _gaussian(values: Tensor, deviation: float) -> Tensor:
    reach = max(1, math.ceil(2.5 * deviation))
    window = torch.exp(-(torch.arange(-reach, reach + 1).to(values) ** 2) / (2 * deviation**2))
    window = (window / window.sum())[None, None]
    rows = functional.conv2d(values, window[..., None, :], padding=(0, reach))
    return functional.conv2d(rows, window[..., None], padding=(reach, 0))
