from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from seethrough.details.shading.bilateral import bilateral
from seethrough.details.shading.blur import blur


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 10**6), st.floats(-0.5, 0.5), st.floats(-0.5, 0.5))
def test_the_bilateral_filter_keeps_planes_whatever_the_outline(seed: int, across: float, along: float) -> None:
    mask = (torch.rand(9, 11, generator=torch.Generator().manual_seed(seed)) < 0.8).double()
    y, x = torch.meshgrid(torch.arange(9.0).double(), torch.arange(11.0).double(), indexing="ij")
    plane = 500 + across * x + along * y
    torch.testing.assert_close(bilateral(plane, mask, 3, 2.0, 15.0), plane)


def test_the_bilateral_filter_smooths_noise_and_keeps_steps() -> None:
    noise = torch.randn(40, 40, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    depth = 500 + noise
    depth[:, 20:] += 100
    smooth = bilateral(depth, torch.ones(40, 40).double(), 6, 4.0, 15.0)
    assert float(smooth[:, :20].std()) < 0.4 * float(depth[:, :20].std())
    assert abs(float(smooth[:, 20:].mean() - smooth[:, :20].mean()) - 100) < 1


def test_blur_keeps_the_sum_and_is_its_own_adjoint() -> None:
    generator = torch.Generator().manual_seed(0)
    left, right = (torch.randn(21, 17, generator=generator, dtype=torch.float64) for _ in range(2))
    torch.testing.assert_close((blur(left, 2.3) * right).sum(), (left * blur(right, 2.3)).sum())
    dot = torch.zeros(21, 21).double()
    dot[10, 10] = 1
    spread = blur(dot, 2.0)
    assert float(spread.sum()) == 1.0 or abs(float(spread.sum()) - 1) < 1e-12
    place = torch.arange(21.0).double() - 10
    assert abs(float((spread.sum(0) * place.square()).sum()) - 4.0) < 0.6


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize(("height", "width", "deviation"), [(40, 33, 3.98), (5, 50, 4.0), (1, 1, 0.3), (30, 4, 2.6)])
def test_blur_is_the_convolution_that_a_gradient_takes(
    dtype: torch.dtype, height: int, width: int, deviation: float
) -> None:
    values = torch.randn(height, width, generator=torch.Generator().manual_seed(0), dtype=dtype)
    learned = blur(values.clone().requires_grad_(), deviation)
    assert learned.requires_grad
    rounding = 16 * torch.finfo(dtype).eps
    torch.testing.assert_close(blur(values, deviation), learned.detach(), rtol=rounding, atol=rounding)
    torch.testing.assert_close(blur(values.T, deviation), learned.detach().T, rtol=rounding, atol=rounding)
