from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from seethrough.rendering import Camera, Renderer

PIXELS = st.floats(-400, 900)


@settings(max_examples=25, deadline=None)
@given(PIXELS, PIXELS, st.integers(20, 90), st.integers(20, 90))
def test_pixels_and_clip_coordinates_agree_wherever_the_axis_lies(x: float, y: float, height: int, width: int) -> None:
    camera = Camera(300.0, height, width, principal=(x, y))
    points = torch.tensor([[[12.0, -30.0, 700.0], [0.0, 0.0, 1200.0], [-80.0, 55.0, 950.0]]], dtype=torch.float64)
    clip = camera.clip(points)
    seen = (clip[..., :2] / clip[..., 3:] + 1) / 2 * torch.tensor([width, height])
    torch.testing.assert_close(camera.project(points), seen, rtol=0, atol=1e-9)
    torch.testing.assert_close(camera.project(points)[0, 1], torch.tensor([x, y], dtype=torch.float64))


def test_part_of_a_picture_is_what_the_whole_shows_there() -> None:
    whole = Camera(200.0, 64, 64)
    part = Camera(200.0, 24, 30, principal=(32.0 - 20, 32.0 - 10))  # rows from 10 on, columns from 20 on
    vertices = torch.tensor([[[-100.0, -90.0, 800.0], [110.0, -60.0, 1000.0], [20.0, 120.0, 900.0]]])
    triangles = torch.tensor([[0, 1, 2]])
    depth, mask = Renderer(triangles, whole, "cpu", cull=False).depth(vertices)
    cut, cut_mask = Renderer(triangles, part, "cpu", cull=False).depth(vertices)
    assert 0 < cut_mask.sum() < cut_mask.numel()
    torch.testing.assert_close(cut, depth[..., 10:34, 20:50], rtol=1e-6, atol=1e-3)
    torch.testing.assert_close(cut_mask, mask[..., 10:34, 20:50])


def test_resampled_camera_keeps_the_axis_at_the_same_place() -> None:
    camera = Camera(300.0, 50, 100, principal=(80.0, 5.0)).resized((100, 200))
    assert camera.principal_point == (160.0, 10.0)
    assert camera.focal == 600.0
    assert Camera(300.0, 50, 100).resized(25).principal_point == (25.0, 12.5)


def test_axis_that_is_nowhere_is_refused() -> None:
    with pytest.raises(ValueError, match="principal point"):
        Camera(300.0, 50, 50, principal=(float("nan"), 0.0))
