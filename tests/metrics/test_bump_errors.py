from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from seethrough.metrics import (
    BumpNormalAngle,
    BumpRMSE,
    bump_gradient_error,
    bump_l1,
    bump_rmse,
    checkerboard,
    detail_correlation,
    noise,
    normal_angle,
)

SIZE = 24
ONE = torch.ones(1)


def columns(size: int = SIZE) -> Tensor:
    return torch.arange(size, dtype=torch.float64).expand(1, 1, size, size) + 0.5 - size / 2


def everywhere(size: int = SIZE) -> Tensor:
    return torch.ones(1, 1, size, size)


def test_values_by_hand() -> None:
    true = torch.zeros(1, 1, 6, 6)
    predicted = true.clone()
    predicted[..., :3, :] = 2
    predicted[..., 5, 5] = 400
    mask = torch.ones(1, 1, 6, 6)
    mask[..., 5, 5] = 0
    assert bump_l1(predicted, true, mask).item() == pytest.approx(18 * 2 / 35)
    assert bump_rmse(predicted, true, mask).item() == pytest.approx((18 * 4 / 35) ** 0.5)
    whole = torch.ones_like(mask)
    predicted[..., 5, 5] = 0
    assert bump_gradient_error(predicted, true, whole, 0.5 * ONE).item() == pytest.approx(5 * 2 / 25 / 0.5)


def test_too_few_pixels_are_told_as_nan() -> None:
    mask = torch.zeros(1, 1, 8, 8)
    mask[..., :4, :6] = 1
    maps = torch.rand(2, 1, 1, 8, 8)
    assert torch.isnan(bump_l1(*maps, mask)).all()
    assert torch.isnan(normal_angle(*maps, mask, ONE)).all()


@settings(max_examples=20, deadline=None)
@given(slope=st.floats(-2, 2), pixel=st.floats(0.2, 2))
def test_a_slope_on_a_plane_that_faces_the_camera(slope: float, pixel: float) -> None:
    predicted, true = slope * pixel * columns(), torch.zeros(1, 1, SIZE, SIZE, dtype=torch.float64)
    size = torch.tensor([pixel], dtype=torch.float64)
    degrees = math.degrees(math.atan(abs(slope)))
    assert normal_angle(predicted, true, everywhere(), size).item() == pytest.approx(degrees, abs=1e-6)
    assert bump_gradient_error(predicted, true, everywhere(), size).item() == pytest.approx(abs(slope), abs=1e-9)


def test_angles_between_planes_seen_in_perspective() -> None:
    """Bumps that turn a foundation, itself a plane, into two planes: exact at every pixel."""
    focal = 300.0
    x, y = columns() / focal, columns().transpose(2, 3) / focal

    def plane(*normal: float) -> tuple[Tensor, Tensor]:
        direction = torch.tensor(normal, dtype=torch.float64)
        direction = direction / direction.norm()
        along = direction[0] * x + direction[1] * y + direction[2]
        return 600 * direction[2] / along, direction

    foundation, _ = plane(0.3, 0.1, -1)
    (one, first), (other, second) = plane(0.5, 0.0, -1), plane(0.1, -0.4, -1)
    pixel = foundation.mean().reshape(1) / focal
    angle = normal_angle(foundation - one, foundation - other, everywhere(), pixel, foundation)
    assert angle.item() == pytest.approx(math.degrees(math.acos(first @ second)), abs=1e-6)


def test_small_angles_survive_single_precision() -> None:
    predicted = (1e-4 * columns()).float()
    angle = normal_angle(predicted, torch.zeros_like(predicted), everywhere(), ONE)
    assert angle.item() == pytest.approx(math.degrees(1e-4), rel=0.01)


def test_metrics_average_images_and_count_each_once() -> None:
    metric = BumpRMSE()
    true = torch.zeros(2, 1, 8, 8)
    metric.update(torch.tensor([4, 9]), torch.stack([true[0] + 1, true[1] + 3]), true, torch.ones_like(true))
    metric.update(torch.tensor([9]), true[:1] + 3, true[:1], torch.ones(1, 1, 8, 8))
    metric.update(torch.tensor([11]), true[:1] + 3, true[:1], torch.zeros(1, 1, 8, 8))
    scores = metric.compute()
    assert scores["bump_rmse_mm"].item() == pytest.approx(2)
    assert (scores["images"].item(), scores["excluded"].item()) == (3, 1)
    angle = BumpNormalAngle()
    angle.update(torch.tensor([0]), true[:1], true[:1], torch.ones(1, 1, 8, 8), ONE, 600 + true[:1])
    assert angle.compute()["bump_normal_angle_deg"].item() == 0


@pytest.mark.parametrize("axis", [2, 3])
def test_a_grid_of_two_pixels_is_found_and_nothing_smooth(axis: int) -> None:
    sign = 1 - 2 * (torch.arange(32) % 2)
    grid = 0.3 * sign.reshape([-1 if dimension == axis else 1 for dimension in range(4)]) * torch.ones(1, 1, 32, 32)
    smooth = (0.1 * columns(32) ** 3 + columns(32).transpose(2, 3) ** 2).float()
    assert checkerboard(grid + smooth, everywhere(32)).item() == pytest.approx(0.3, rel=1e-2)
    assert checkerboard(smooth, everywhere(32)).item() < 1e-3
    period_of_four = 0.3 * torch.cos(torch.pi / 2 * torch.arange(32.0)).expand(1, 1, 32, 32)
    assert checkerboard(period_of_four, everywhere(32)).item() < 0.3 / 16
    both = 0.3 * sign[:, None] * sign * torch.ones(1, 1, 32, 32)
    assert checkerboard(both, everywhere(32)).item() == pytest.approx(0.3)


def test_the_face_border_is_no_grid() -> None:
    mask = torch.zeros(1, 1, 32, 32)
    mask[..., 4:28, 4:28] = 1
    assert checkerboard(5 * mask, mask).item() < 1e-5
    assert torch.isnan(checkerboard(5 * mask, torch.zeros_like(mask))).all()


def test_noise_is_measured_where_the_surface_is_calm() -> None:
    generator = torch.Generator().manual_seed(0)
    true = torch.zeros(1, 1, 40, 40)
    true[..., 20:] = torch.rand(1, 1, 40, 20, generator=generator)
    noisy = true.clone()
    noisy[..., :20] += 0.1 * torch.randn(1, 1, 40, 20, generator=generator)
    assert noise(true, true, everywhere(40)).item() < 0.02
    assert 0.05 < noise(noisy, true, everywhere(40)).item() < 0.1


def test_detail_correlates_with_itself_and_not_with_nothing() -> None:
    true = torch.rand(1, 1, 20, 20, generator=torch.Generator().manual_seed(0))
    assert detail_correlation(true * 0.5 + 3, true, everywhere(20)).item() == pytest.approx(1, abs=1e-5)
    assert detail_correlation(-true, true, everywhere(20)).item() == pytest.approx(-1, abs=1e-5)
    assert detail_correlation(torch.ones_like(true), true, everywhere(20)).item() == 0
