from __future__ import annotations

import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from seethrough.details.shading.pixel_grid import PixelGrid
from seethrough.details.shading.surface_normals import normal_field, slope_coefficients, unit_normals
from tests.details.shading.grids import axes, grids

FOCAL = 400.0


@settings(max_examples=20, deadline=None)
@given(st.floats(-0.5, 0.5), st.floats(-0.5, 0.5), st.floats(300, 1500))
def test_a_plane_has_its_normal_everywhere(across: float, along: float, distance: float) -> None:
    """A slanted plane n P = n_z distance has depth n_z distance / (n ray)."""
    wanted = torch.nn.functional.normalize(torch.tensor([across, along, -1.0]).double(), dim=0)
    x, y = axes(40, 50)
    depth = wanted[2] * distance / (wanted[0] * x / FOCAL + wanted[1] * y / FOCAL + wanted[2])
    grid = PixelGrid.of(depth, torch.ones(40, 50), x, y, FOCAL)
    normals, length = unit_normals(normal_field(depth, grid))
    inner = normals[:, 1:-1, 1:-1]
    torch.testing.assert_close(inner, wanted[:, None, None].expand_as(inner), atol=2e-4, rtol=0)
    assert float(length.min()) > 0


def test_a_sphere_has_radial_normals() -> None:
    x, y = axes(120, 120)
    rays = torch.stack(torch.broadcast_tensors(x / FOCAL, y / FOCAL, torch.ones(1, 1).double()))
    square = rays.square().sum(0)
    along = (500 - (500**2 - square * (500**2 - 60**2)).clamp_min(0).sqrt()) / square
    grid = PixelGrid.of(along, (x.square() + y.square()).sqrt() < 38, x, y, FOCAL)
    normals, _ = unit_normals(normal_field(along, grid))
    wanted = (along * rays - torch.tensor([0, 0, 500.0])[:, None, None]) / 60
    inner = (x.square() + y.square()).sqrt() < 36
    assert float((normals - wanted)[:, inner].abs().max()) < 2e-3


@settings(max_examples=30, deadline=None)
@given(drawn=grids())
def test_the_field_is_linear_in_depth_and_written_as_slopes(drawn: tuple) -> None:
    grid, depth, generator = drawn
    other = torch.randn(depth.shape, generator=generator, dtype=torch.float64)
    torch.testing.assert_close(normal_field(depth + other, grid), normal_field(depth, grid) + normal_field(other, grid))
    weights = torch.randn(3, *depth.shape, generator=generator, dtype=torch.float64)
    a, b, c = slope_coefficients(weights, grid)
    written = a * grid.slope_x(other) + b * grid.slope_y(other) + c * other * grid.mask
    torch.testing.assert_close(written, (weights * normal_field(other, grid)).sum(0))


def test_no_surface_faces_the_camera() -> None:
    normals, length = unit_normals(torch.zeros(3, 1, 1))
    assert normals.flatten().tolist() == [0, 0, -1]
    assert length.tolist() == [[1]]
