"""Colour distance of each pixel to its best match in a small window of the other image (FOCUS Eq. 1)."""

from __future__ import annotations

from typing import Literal

from torch import Tensor

from seethrough.losses.colour_distance import root
from seethrough.losses.neighbour_search import least_square_distance

Direction = Literal["target_to_render", "render_to_target"]


def neighbour_error(
    target: Tensor,
    rendered: Tensor,
    window: int = 3,
    direction: Direction = "target_to_render",
    squared: bool = False,
) -> Tensor:
    """Return (B, 1, H, W), for each pixel the colour distance to the most similar one in the other image's window.

    ``min_{x' in N(x)} ||I_T(x) - I_R(x')||`` (squared if asked); ``render_to_target`` exchanges the roles. The window
    is clipped at the border. Differentiable in both images; where two pixels are equal the gradient is zero.

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
    best = least_square_distance(seeking, offered, window // 2)
    return best if squared else root(best)
