from __future__ import annotations

import pytest
import torch
from torch.nn import functional

from seethrough.losses.bump import bump_loss


def maps(*rows: list[float]) -> torch.Tensor:
    return torch.tensor(rows, dtype=torch.float64)[None, None]


def test_values_by_hand() -> None:
    loss = bump_loss(maps([1, 2, 4], [0, 0, 0]), maps([0, 0, 0], [0, 1, 0]))
    # differences 1 2 4 / 0 -1 0; along x 1 2 / -1 1; along y -1 -3 -4
    assert loss.difference.item() == pytest.approx(8 / 6)
    assert loss.gradient.item() == pytest.approx(5 / 4 + 8 / 3)


def test_only_the_mask_counts() -> None:
    mask = maps([1, 1, 0], [1, 0, 0])
    loss = bump_loss(maps([1, 3, 90], [2, 70, 50]), maps([0, 0, 0], [0, 0, 0]), mask)
    assert loss.difference.item() == pytest.approx(6 / 3)
    assert loss.gradient.item() == pytest.approx(2 / 1 + 1 / 1)


def test_the_releases_kernels() -> None:
    """Its 2x2 kernels without padding take the same differences, but none along the last row and the last column."""
    one, other = torch.rand(2, 2, 1, 9, 7, generator=torch.Generator().manual_seed(0))
    along_x = torch.tensor([[[[-1.0, 1], [0, 0]]]])
    along_y = torch.tensor([[[[-1.0, 0], [1, 0]]]])
    error = one - other
    release = functional.conv2d(error, along_x).abs().sum() + functional.conv2d(error, along_y).abs().sum()
    last_row, last_column = error[..., -1, :].diff(dim=-1).abs().sum(), error[..., -1].diff(dim=-1).abs().sum()
    pairs_x, pairs_y = 2 * 9 * 6, 2 * 8 * 7
    ours_x = error.diff(dim=3).abs().sum() / pairs_x
    ours_y = error.diff(dim=2).abs().sum() / pairs_y
    assert (ours_x * pairs_x + ours_y * pairs_y).item() == pytest.approx((release + last_row + last_column).item())
    assert bump_loss(one, other).gradient.item() == pytest.approx((ours_x + ours_y).item(), rel=1e-5)


def test_a_mean_shift_costs_no_gradient() -> None:
    loss = bump_loss(torch.full((1, 1, 4, 4), 0.7), torch.zeros(1, 1, 4, 4))
    assert loss.gradient.item() == 0
    assert loss.difference.item() == pytest.approx(0.7)


def test_nothing_inside_costs_nothing() -> None:
    predicted = torch.ones(1, 1, 4, 4, requires_grad=True)
    loss = bump_loss(predicted, torch.zeros(1, 1, 4, 4), torch.zeros(1, 1, 4, 4))
    sum(loss).backward()
    assert sum(loss).item() == 0
    assert predicted.grad is not None and not predicted.grad.any()


def test_gradients_are_right() -> None:
    generator = torch.Generator().manual_seed(0)
    predicted = torch.randn(1, 1, 4, 5, dtype=torch.float64, generator=generator, requires_grad=True)
    target = torch.randn(1, 1, 4, 5, dtype=torch.float64, generator=generator)
    mask = (torch.rand(1, 1, 4, 5, generator=generator) > 0.3).double()
    assert torch.autograd.gradcheck(lambda p: sum(bump_loss(p, target, mask)), predicted)


def test_shapes_are_checked() -> None:
    with pytest.raises(ValueError, match="one shape"):
        bump_loss(torch.zeros(1, 1, 4, 4), torch.zeros(1, 1, 4, 5))
