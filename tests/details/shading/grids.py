"""Masked depth maps of any outline for property tests."""

from __future__ import annotations

import torch
from hypothesis import strategies as st
from torch import Tensor

from seethrough.details.shading.pixel_grid import PixelGrid


def axes(height: int, width: int) -> tuple[Tensor, Tensor]:
    """Return x (1, W) and y (H, 1), px from the middle."""
    x = torch.arange(width, dtype=torch.float64) + 0.5 - width / 2
    y = torch.arange(height, dtype=torch.float64) + 0.5 - height / 2
    return x[None], y[:, None]


@st.composite
def grids(draw: st.DrawFn) -> tuple[PixelGrid, Tensor, torch.Generator]:
    """Draw a grid of 3 to 9 pixels with holes in its mask, its depth, and a generator."""
    height, width = draw(st.integers(3, 9)), draw(st.integers(3, 9))
    generator = torch.Generator().manual_seed(draw(st.integers(0, 10**6)))
    mask = torch.rand(height, width, generator=generator) < draw(st.sampled_from([0.5, 0.8, 1.1]))
    depth = 500 + torch.rand(height, width, generator=generator, dtype=torch.float64) * draw(st.sampled_from([1, 60]))
    return PixelGrid.of(depth, mask, *axes(height, width), focal=120.0), depth, generator
