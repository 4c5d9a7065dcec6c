"""A value that passes unchanged and lets only a share of its gradient back."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor


class _GradientShare(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, value: Tensor, share: float) -> Tensor:
        ctx.share = share
        return value.view_as(value)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None]:
        return gradients[0] * ctx.share, None


def with_gradient_share(value: Tensor, share: float) -> Tensor:
    """Return ``value``; its gradient is multiplied by ``share``: 1 leaves it alone, 0 cuts the graph."""
    if share == 0:
        return value.detach()
    return value if share == 1 else _GradientShare.apply(value, share)  # pyright: ignore[reportReturnType]
