"""Colour distance of each pixel to its best match in a small window of the other image (FOCUS Eq. 1)."""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor

Direction = Literal["target_to_render", "render_to_target"]


def neighbour_error(
    target: Tensor,
    rendered: Tensor,
    window: int = 3,
    direction: Direction = "target_to_render",
    squared: bool = False,
) -> Tensor:
    """Return (B, 1, H, W), for each pixel the colour distance to the most similar one in the other image's window.

    ``min_{x' in N(x)} ||I_T(x) - I_R(x')||`` (squared if asked); ``render_to_target`` exchanges the roles. The window is
    clipped at the border. Differentiable in both images; where two pixels are equal the gradient is zero.

    Args:
        target: (B, C, H, W) photo.
        rendered: (B, C, H, W) render.
        window: odd side of the neighbourhood in pixels.
        direction: which image's pixels look for a partner in the other one.
        squared: return squared distances.
    """
    if window < 1 or window % 2 == 0:
        raise ValueError(f"window must be odd and positive, got {window}")
    if direction == "target_to_render":
        seeking, offered = target, rendered
    elif direction == "render_to_target":
        seeking, offered = rendered, target
    else:
        raise ValueError(f"direction must be target_to_render or render_to_target, got {direction!r}")
    best = _least_square_distance(seeking, offered, window // 2)
    if squared:
        return best
    # sqrt has no gradient at zero
    positive = best > 0
    return torch.where(positive, torch.where(positive, best, torch.ones_like(best)).sqrt(), torch.zeros_like(best))


def _least_square_distance(seeking: Tensor, offered: Tensor, radius: int) -> Tensor:
    """Minimum over shifts; only one shift's partner is kept, so the graph does not grow with the window."""
    with torch.no_grad():
        height, width = seeking.shape[-2:]
        best = seeking.new_full((seeking.shape[0], height, width), float("inf"))
        choice = torch.zeros_like(best, dtype=torch.int64)
        for down in range(-radius, radius + 1):
            rows, other_rows = _overlap(down, height)
            for right in range(-radius, radius + 1):
                columns, other_columns = _overlap(right, width)
                if rows.stop <= rows.start or columns.stop <= columns.start:
                    continue
                error = (seeking[..., rows, columns] - offered[..., other_rows, other_columns]).square().sum(1)
                here = best[:, rows, columns]
                better = error < here
                here.copy_(torch.where(better, error, here))
                chosen = choice[:, rows, columns]
                chosen.copy_(torch.where(better, down * width + right, chosen))
        place = torch.arange(height * width, device=seeking.device).view(height, width)
        index = (choice + place).flatten(1)[:, None].expand(-1, seeking.shape[1], -1)
    if not (torch.is_grad_enabled() and (seeking.requires_grad or offered.requires_grad)):
        return best[:, None]
    partner = offered.flatten(2).gather(2, index).view_as(seeking)
    return (seeking - partner).square().sum(1, keepdim=True)


def _overlap(shift: int, size: int) -> tuple[slice, slice]:
    """Positions i and i + shift that both lie in range(size)."""
    return slice(max(0, -shift), min(size, size - shift)), slice(max(0, shift), min(size, size + shift))
