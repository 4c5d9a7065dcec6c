"""Whether a bump map has the fine relief of the true one, or noise and grids instead of it."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from seethrough.precision import in_full_precision

SMALLEST_AREA = 25
_ORDER = 8
_SMOOTHING_ORDER = 4


@in_full_precision
def checkerboard(bump: Tensor, mask: Tensor) -> Tensor:
    """Return the (B,) amplitude in mm of what repeats every two pixels, the grid of a transposed convolution.

    The root mean square of the components along x, along y and along both that change their sign from pixel to pixel.
    Each is picked up by a binomial window of 9 px under that sign, which passes the Nyquist frequency whole, a period
    of four pixels by 1/16, and no polynomial below the eighth degree. Windows that leave the mask are left out; NaN
    where fewer than 25 are inside.

    Args:
        bump: (B, 1, H, W) mm.
        mask: (B, 1, H, W), above one half inside the face.
    """
    smooth = _binomial(_ORDER, bump)
    alternating = smooth * (1 - 2 * (torch.arange(len(smooth), device=bump.device) % 2))
    energy = torch.zeros_like(_filtered(bump, smooth, smooth))
    for along_x, along_y in ((alternating, smooth), (smooth, alternating), (alternating, alternating)):
        energy = energy + _filtered(bump, along_x, along_y).square()
    whole = _eroded(mask, _ORDER)
    count = whole.flatten(1).sum(1)
    mean = (energy * whole).flatten(1).sum(1) / count.clamp_min(1)
    return torch.where(count < SMALLEST_AREA, torch.full_like(mean, torch.nan), mean.sqrt())


@in_full_precision
def noise(bump: Tensor, true: Tensor, mask: Tensor) -> Tensor:
    """Return the (B,) root mean square in mm of a map's fine relief where the true surface has least of it.

    Fine relief is what a binomial window of 5x5 px smooths away; the true surface's is smallest on half of the face.

    Args:
        bump: (B, 1, H, W) mm; the true map itself gives what is left of its own.
        true: (B, 1, H, W) mm.
        mask: (B, 1, H, W), above one half inside the face.
    """
    inside = _eroded(mask, _SMOOTHING_ORDER)
    relief, true_relief = _fine(bump), _fine(true).abs()
    results = []
    for own, flat, chosen in zip(relief, true_relief, inside, strict=True):
        if int(chosen.sum()) < SMALLEST_AREA:
            results.append(own.new_tensor(torch.nan))
            continue
        calm = chosen & (flat <= flat[chosen].median())
        results.append(own[calm].square().mean().sqrt())
    return torch.stack(results)


@in_full_precision
def detail_correlation(bump: Tensor, true: Tensor, mask: Tensor) -> Tensor:
    """Return the (B,) correlation of the slopes of two (B, 1, H, W) maps inside the mask: 1 for the same detail.

    Slopes of a flat map correlate with nothing: 0. NaN where fewer than 25 pixels count.
    """
    inside = mask > 0.5
    right = (inside[..., :-1, 1:] & inside[..., :-1, :-1])[..., None]
    both = torch.cat([right, (inside[..., 1:, :-1] & inside[..., :-1, :-1])[..., None]], dim=-1)

    def slopes(values: Tensor) -> Tensor:
        here = values[..., :-1, :-1]
        return torch.stack([values[..., :-1, 1:] - here, values[..., 1:, :-1] - here], dim=-1) * both

    one, other = slopes(bump).flatten(1), slopes(true).flatten(1)
    product = (one * other).sum(1) / (one.norm(dim=1) * other.norm(dim=1)).clamp_min(1e-12)
    few = both.flatten(1).sum(1) < 2 * SMALLEST_AREA
    return torch.where(few, torch.full_like(product, torch.nan), product)


def _fine(bump: Tensor) -> Tensor:
    window = _binomial(_SMOOTHING_ORDER, bump)
    edge = _SMOOTHING_ORDER // 2
    return bump[..., edge:-edge, edge:-edge] - _filtered(bump, window, window)


def _binomial(order: int, like: Tensor) -> Tensor:
    window = torch.ones(1, dtype=torch.float64)
    for _ in range(order):
        window = functional.pad(window, (0, 1)) + functional.pad(window, (1, 0))
    return (window / window.sum()).to(like)


def _filtered(values: Tensor, along_x: Tensor, along_y: Tensor) -> Tensor:
    """Convolve (B, 1, H, W) without padding."""
    return functional.conv2d(functional.conv2d(values, along_x[None, None, None]), along_y[None, None, :, None])


def _eroded(mask: Tensor, order: int) -> Tensor:
    """Return where a window of ``order + 1`` pixels a side lies in the mask."""
    outside = (mask <= 0.5).to(mask.dtype)
    return functional.max_pool2d(outside, order + 1, stride=1) == 0
