"""Differences between neighbouring pixels of a masked depth map, with their exact adjoints."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

STEEPEST = 8.0
"""Neighbours whose depths differ by more than this many pixel sizes are not on one surface (83 degrees)."""


@dataclass(frozen=True)
class PixelGrid:
    """Which neighbours of a masked depth map belong together, and where the pixels lie.

    Every operator is linear, works on (H, W) maps that are 0 outside the mask, and gives 0 outside the mask.

    Attributes:
        mask: (H, W) 1 inside.
        right: (H, W - 1) 1 where a pixel and the one to its right are on one surface.
        down: (H - 1, W) 1 where a pixel and the one below it are on one surface.
        half_x: (H, W) one over the number of such neighbours left and right, 0 where there is none.
        half_y: (H, W) the same above and below.
        interior: (H, W) 1 where all four neighbours are on the surface.
        x: (1, W) px from the principal point, to the right.
        y: (H, 1) px from the principal point, downwards.
        focal: focal length, px.
    """

    mask: Tensor
    right: Tensor
    down: Tensor
    half_x: Tensor
    half_y: Tensor
    interior: Tensor
    x: Tensor
    y: Tensor
    focal: float

    @classmethod
    def of(cls, depth: Tensor, mask: Tensor, x: Tensor, y: Tensor, focal: float) -> PixelGrid:
        """Build the grid of a (H, W) depth map in mm and its boolean mask; depth jumps part neighbours."""
        inside = mask.bool()
        pixel = STEEPEST * depth / focal
        right = inside[:, 1:] & inside[:, :-1] & ((depth[:, 1:] - depth[:, :-1]).abs() < pixel[:, 1:])
        down = inside[1:] & inside[:-1] & ((depth[1:] - depth[:-1]).abs() < pixel[1:])
        right, down = right.to(depth.dtype), down.to(depth.dtype)
        count_x, count_y = torch.zeros_like(depth), torch.zeros_like(depth)
        count_x[:, :-1] += right
        count_x[:, 1:] += right
        count_y[:-1] += down
        count_y[1:] += down

        def half(count: Tensor) -> Tensor:
            return torch.where(count > 0, 1 / count.clamp_min(1), torch.zeros_like(count))

        interior = ((count_x == 2) & (count_y == 2)).to(depth.dtype)
        return cls(inside.to(depth.dtype), right, down, half(count_x), half(count_y), interior, x, y, focal)

    def slope_x(self, values: Tensor) -> Tensor:
        """Return the difference per pixel to the right: central inside, one-sided at the border."""
        step = (values[:, 1:] - values[:, :-1]) * self.right
        slope = torch.zeros_like(values)
        slope[:, :-1] = step
        slope[:, 1:] += step
        return slope.mul_(self.half_x)

    def slope_y(self, values: Tensor) -> Tensor:
        """Return the difference per pixel downwards: central inside, one-sided at the border."""
        step = (values[1:] - values[:-1]) * self.down
        slope = torch.zeros_like(values)
        slope[:-1] = step
        slope[1:] += step
        return slope.mul_(self.half_y)

    def slope_x_adjoint(self, values: Tensor) -> Tensor:
        """Apply the adjoint of :meth:`slope_x`."""
        share = values * self.half_x
        step = (share[:, 1:] + share[:, :-1]).mul_(self.right)
        result = torch.zeros_like(values)
        result[:, 1:] = step
        result[:, :-1] -= step
        return result

    def slope_y_adjoint(self, values: Tensor) -> Tensor:
        """Apply the adjoint of :meth:`slope_y`."""
        share = values * self.half_y
        step = (share[1:] + share[:-1]).mul_(self.down)
        result = torch.zeros_like(values)
        result[1:] = step
        result[:-1] -= step
        return result

    def laplacian(self, values: Tensor) -> Tensor:
        """Return the sum of the differences to the four neighbours, 0 where one of them is missing.

        The surface's border is left out, so that planes have no Laplacian wherever they end.
        """
        return self._difference_sum(values).mul_(self.interior)

    def laplacian_adjoint(self, values: Tensor) -> Tensor:
        """Apply the adjoint of :meth:`laplacian`."""
        return self._difference_sum(values * self.interior)

    def _difference_sum(self, values: Tensor) -> Tensor:
        """Apply the graph Laplacian, which is its own adjoint."""
        across = (values[:, 1:] - values[:, :-1]).mul_(self.right)
        along = (values[1:] - values[:-1]).mul_(self.down)
        result = torch.zeros_like(values)
        result[:, :-1] = across
        result[:, 1:] -= across
        result[:-1] += along
        result[1:] -= along
        return result
