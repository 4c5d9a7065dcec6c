"""The search behind the neighbour loss: a compiled loop on the CPU, shifted minima in torch elsewhere."""

from __future__ import annotations

from typing import Any

import numba
import numpy as np
import torch
from torch import Tensor
from torch.autograd.function import once_differentiable


def least_square_distance(seeking: Tensor, offered: Tensor, radius: int) -> Tensor:
    """Return (B, 1, H, W), each pixel's smallest squared colour distance within ``radius`` in the other image.

    Both inputs are (B, C, H, W) and may need gradients; the choice of the partner is piecewise constant and has none.
    Ties go to the pixel at the same place, then to the first in row order. A NaN pixel gives NaN.
    """
    compiled = (
        seeking.device.type == "cpu"
        and seeking.shape[1] == 3
        and seeking.dtype == offered.dtype
        and seeking.dtype in (torch.float32, torch.float64)
    )
    if compiled:
        return _CompiledSearch.apply(seeking, offered, radius)
    return shifted_minimum(seeking, offered, radius)


def shifted_minimum(seeking: Tensor, offered: Tensor, radius: int) -> Tensor:
    """Search with torch operations only, on any device; the graph holds one partner, whatever the window."""
    height, width = seeking.shape[-2:]
    with torch.no_grad():
        best = (seeking - offered).square().sum(1)
        choice = torch.zeros_like(best, dtype=torch.int64)
        for down in range(-radius, radius + 1):
            rows, other_rows = _overlap(down, height)
            for right in range(-radius, radius + 1):
                columns, other_columns = _overlap(right, width)
                if (down, right) == (0, 0) or rows.stop <= rows.start or columns.stop <= columns.start:
                    continue
                error = (seeking[..., rows, columns] - offered[..., other_rows, other_columns]).square().sum(1)
                here = best[:, rows, columns]
                chosen = choice[:, rows, columns]
                better = error < here
                here.copy_(torch.where(better, error, here))
                chosen.masked_fill_(better, down * width + right)
    if not (torch.is_grad_enabled() and (seeking.requires_grad or offered.requires_grad)):
        return best[:, None]
    place = torch.arange(height * width, device=seeking.device).view(height, width)
    index = (choice + place).flatten(1)[:, None].expand(-1, seeking.shape[1], -1)
    partner = offered.flatten(2).gather(2, index).view_as(seeking)
    return (seeking - partner).square().sum(1, keepdim=True)


def _overlap(shift: int, size: int) -> tuple[slice, slice]:
    """Positions i and i + shift that both lie in range(size)."""
    return slice(max(0, -shift), min(size, size - shift)), slice(max(0, shift), min(size, size + shift))


class _CompiledSearch(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, seeking: Tensor, offered: Tensor, radius: int) -> Tensor:
        batch, _, height, width = seeking.shape
        best = np.empty((batch, height, width), dtype=seeking.detach().numpy().dtype)
        choice = np.empty((batch, height, width), dtype=np.int32)
        _search(_array(seeking), _array(offered), radius, best, choice)
        ctx.save_for_backward(seeking, offered)
        ctx.choice = choice
        return torch.from_numpy(best)[:, None]

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, Tensor | None, None]:
        seeking, offered = ctx.saved_tensors
        to_seeking = np.zeros(seeking.shape, dtype=gradient.numpy().dtype)
        to_offered = np.zeros(offered.shape, dtype=gradient.numpy().dtype)
        _distribute(_array(gradient), _array(seeking), _array(offered), ctx.choice, to_seeking, to_offered)
        needs = ctx.needs_input_grad
        return (
            torch.from_numpy(to_seeking) if needs[0] else None,
            torch.from_numpy(to_offered) if needs[1] else None,
            None,
        )


def _array(tensor: Tensor) -> np.ndarray:
    return tensor.detach().contiguous().numpy()


# Contraction may fuse multiply and add; NaN and infinity keep their meaning. The rows are sliced so that the inner loop
# has no negative index to wrap, which is what lets the compiler vectorise it (five times faster).
@numba.njit(cache=True, nogil=True, fastmath={"contract"}, error_model="numpy")
def _search(
    seeking: np.ndarray, offered: np.ndarray, radius: int, best: np.ndarray, choice: np.ndarray
) -> None:  # pragma: no cover
    batch, _, height, width = seeking.shape
    for b in range(batch):
        for y in range(height):
            for x in range(width):
                d0 = seeking[b, 0, y, x] - offered[b, 0, y, x]
                d1 = seeking[b, 1, y, x] - offered[b, 1, y, x]
                d2 = seeking[b, 2, y, x] - offered[b, 2, y, x]
                best[b, y, x] = d0 * d0 + d1 * d1 + d2 * d2
                choice[b, y, x] = 0
            for down in range(max(-radius, -y), min(radius, height - 1 - y) + 1):
                for right in range(max(-radius, 1 - width), min(radius, width - 1) + 1):
                    code = np.int32(down * width + right)
                    first, last = max(0, -right), min(width, width - right)
                    red, green, blue = (
                        seeking[b, 0, y, first:last],
                        seeking[b, 1, y, first:last],
                        seeking[b, 2, y, first:last],
                    )
                    other_red, other_green, other_blue = (
                        offered[b, 0, y + down, first + right : last + right],
                        offered[b, 1, y + down, first + right : last + right],
                        offered[b, 2, y + down, first + right : last + right],
                    )
                    row, picked = best[b, y, first:last], choice[b, y, first:last]
                    for i in range(last - first):
                        d0 = red[i] - other_red[i]
                        d1 = green[i] - other_green[i]
                        d2 = blue[i] - other_blue[i]
                        error = d0 * d0 + d1 * d1 + d2 * d2
                        better = error < row[i]
                        row[i] = error if better else row[i]
                        picked[i] = code if better else picked[i]


@numba.njit(cache=True, nogil=True)
def _distribute(
    gradient: np.ndarray,
    seeking: np.ndarray,
    offered: np.ndarray,
    choice: np.ndarray,
    to_seeking: np.ndarray,
    to_offered: np.ndarray,
) -> None:  # pragma: no cover
    batch, channels, height, width = seeking.shape
    for b in range(batch):
        for c in range(channels):
            other = offered[b, c].reshape(-1)
            into = to_offered[b, c].reshape(-1)
            for y in range(height):
                for x in range(width):
                    place = y * width + x + choice[b, y, x]
                    value = 2 * gradient[b, 0, y, x] * (seeking[b, c, y, x] - other[place])
                    to_seeking[b, c, y, x] = value
                    into[place] -= value
