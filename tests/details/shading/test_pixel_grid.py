from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings

from seethrough.details.shading.pixel_grid import PixelGrid
from tests.details.shading.grids import axes, grids


@pytest.mark.parametrize("name", ["slope_x", "slope_y", "laplacian"])
@settings(max_examples=40, deadline=None)
@given(drawn=grids())
def test_adjoints_are_exact(name: str, drawn: tuple) -> None:
    grid, depth, generator = drawn
    left, right = (torch.randn(depth.shape, generator=generator, dtype=torch.float64) for _ in range(2))
    forward, adjoint = getattr(grid, name), getattr(grid, f"{name}_adjoint")
    torch.testing.assert_close((forward(left) * right).sum(), (left * adjoint(right)).sum())
    assert float((forward(left) * (1 - grid.mask)).abs().max()) == 0
    assert float((adjoint(right) * (1 - grid.mask)).abs().max()) == 0


@settings(max_examples=40, deadline=None)
@given(drawn=grids())
def test_planes_have_their_slope_at_every_outline(drawn: tuple) -> None:
    grid, depth, _ = drawn
    plane = 2.0 + 0.3 * grid.x - 0.7 * grid.y + 0 * depth
    torch.testing.assert_close(grid.slope_x(plane), 0.3 * (grid.half_x > 0), check_dtype=False)
    torch.testing.assert_close(grid.slope_y(plane), -0.7 * (grid.half_y > 0), check_dtype=False)
    torch.testing.assert_close(grid.laplacian(plane), torch.zeros_like(depth), atol=1e-12, rtol=0)


def test_differences_by_hand() -> None:
    values = torch.tensor([[1.0, 2.0, 4.0, 9.0]]).double()
    grid = PixelGrid.of(torch.full((1, 4), 500.0).double(), torch.ones(1, 4), *axes(1, 4), focal=100.0)
    assert grid.slope_x(values).tolist() == [[1.0, 1.5, 3.5, 5.0]]
    assert grid.slope_y(values).tolist() == [[0.0] * 4]
    square = PixelGrid.of(torch.full((3, 3), 500.0).double(), torch.ones(3, 3), *axes(3, 3), focal=100.0)
    bowl = square.x.square() + square.y.square()
    assert square.laplacian(bowl).tolist() == [[0, 0, 0], [0, 4, 0], [0, 0, 0]]


def test_a_depth_jump_parts_two_surfaces() -> None:
    depth = torch.full((3, 4), 500.0).double()
    depth[:, 2:] += 60.0  # 8 pixels of 5 mm are 40 mm
    grid = PixelGrid.of(depth, torch.ones(3, 4), *axes(3, 4), focal=100.0)
    assert float(grid.slope_x(depth).abs().max()) == 0
    assert grid.right[0].tolist() == [1, 0, 1]
    assert grid.down.min() == 1
