from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn import functional

from seethrough.losses import neighbour_error
from seethrough.losses.neighbour_search import least_square_distance, shifted_minimum


def every_distance(seeking: torch.Tensor, offered: torch.Tensor, window: int) -> torch.Tensor:
    """The definition, spelled out: all windows, then the minimum."""
    batch, channels, height, width = seeking.shape
    padded = functional.pad(offered, (window // 2,) * 4, value=1e3)
    windows = functional.unfold(padded, window).view(batch, channels, window * window, height, width)
    return (seeking[:, :, None] - windows).square().sum(1).amin(1, keepdim=True).sqrt()


def test_hand_computed():
    # One row of grey pixels 0, .2, .9 against 0, .5, .6: |.2 - 0| beats |.2 - .5|; |.9 - .6| is the last one's best.
    target = torch.tensor([0.0, 0.2, 0.9]).view(1, 1, 1, 3).expand(1, 3, 1, 3)
    rendered = torch.tensor([0.0, 0.5, 0.6]).view(1, 1, 1, 3).expand(1, 3, 1, 3)
    root = 3**0.5
    expected = torch.tensor([0.0, 0.2 * root, 0.3 * root])
    assert torch.allclose(neighbour_error(target, rendered).flatten(), expected)
    assert torch.allclose(neighbour_error(target, rendered, squared=True).flatten(), expected**2)
    # From the render: .5 is .3 from .2, .6 is .3 from .9
    expected = torch.tensor([0.0, 0.3 * root, 0.3 * root])
    assert torch.allclose(neighbour_error(target, rendered, direction="render_to_target").flatten(), expected)


@given(st.integers(1, 7), st.integers(1, 7), st.sampled_from([1, 3, 5]), st.integers(0, 10**6))
@settings(max_examples=40, deadline=None)
def test_both_searches_meet_the_definition(height: int, width: int, window: int, seed: int):
    generator = torch.Generator().manual_seed(seed)
    seeking, offered = (torch.rand(2, 3, height, width, generator=generator) for _ in range(2))
    expected = every_distance(seeking, offered, window).square()
    assert torch.allclose(least_square_distance(seeking, offered, window // 2), expected, atol=1e-6)
    assert torch.allclose(shifted_minimum(seeking, offered, window // 2), expected, atol=1e-6)


def test_a_shifted_image_costs_nothing_within_the_window():
    image = torch.rand(1, 3, 12, 12)
    shifted = image.roll(2, dims=-1)
    inside = (..., slice(None), slice(2, None))
    assert neighbour_error(shifted, image, window=5)[inside].abs().max() == 0
    assert neighbour_error(shifted, image, window=3)[inside].mean() > 0.01


@pytest.mark.parametrize("direction", ["target_to_render", "render_to_target"])
@pytest.mark.parametrize("squared", [False, True])
def test_gradcheck(direction: str, squared: bool):
    generator = torch.Generator().manual_seed(3)
    target, rendered = (
        torch.rand(2, 3, 4, 5, dtype=torch.float64, generator=generator).requires_grad_() for _ in range(2)
    )
    assert torch.autograd.gradcheck(
        lambda a, b: neighbour_error(a, b, 3, direction, squared), (target, rendered), eps=1e-7, atol=1e-5
    )


def test_both_searches_have_the_same_gradient():
    seeking, offered = torch.rand(2, 3, 9, 11).requires_grad_(), torch.rand(2, 3, 9, 11).requires_grad_()
    weight = torch.rand(2, 1, 9, 11)
    compiled = torch.autograd.grad((least_square_distance(seeking, offered, 2) * weight).sum(), (seeking, offered))
    plain = torch.autograd.grad((shifted_minimum(seeking, offered, 2) * weight).sum(), (seeking, offered))
    for first, second in zip(compiled, plain, strict=True):
        assert torch.allclose(first, second, atol=1e-6)
        assert first.abs().max() > 0.1


def test_equal_images_have_a_finite_gradient():
    image = torch.rand(1, 3, 6, 6)
    rendered = image.clone().requires_grad_()
    (gradient,) = torch.autograd.grad(neighbour_error(image, rendered).sum(), rendered)
    assert torch.equal(gradient, torch.zeros_like(gradient))


def test_nan_is_not_hidden():
    image = torch.rand(1, 3, 4, 4)
    broken = image.clone()
    broken[0, 1, 2, 2] = float("nan")
    for search in (least_square_distance, shifted_minimum):
        assert search(broken, image, 1)[0, 0, 2, 2].isnan()


def test_other_layouts_and_types():
    target, rendered = torch.rand(2, 3, 8, 8), torch.rand(2, 3, 8, 8)
    expected = neighbour_error(target, rendered)
    layout = torch.channels_last
    assert torch.equal(neighbour_error(target.to(memory_format=layout), rendered.to(memory_format=layout)), expected)
    half = neighbour_error(target.bfloat16(), rendered.bfloat16())
    assert half.dtype == torch.bfloat16
    assert (half.float() - expected).abs().max() < 0.05
    assert neighbour_error(target[:0], rendered[:0]).shape == (0, 1, 8, 8)


def test_bad_settings():
    image = torch.rand(1, 3, 4, 4)
    with pytest.raises(ValueError, match="odd"):
        neighbour_error(image, image, window=4)
    with pytest.raises(ValueError, match="direction"):
        neighbour_error(image, image, direction="sideways")
