from __future__ import annotations

import math

import torch

from seethrough.losses.colour_distance import colour_distance, root, squared_colour_distance


def test_distance_of_two_colours():
    first = torch.tensor([0.1, 0.2, 0.3]).view(1, 3, 1, 1)
    second = torch.tensor([0.2, 0.4, 0.1]).view(1, 3, 1, 1)
    assert math.isclose(squared_colour_distance(first, second).item(), 0.01 + 0.04 + 0.04, rel_tol=1e-6)
    assert math.isclose(colour_distance(first, second).item(), 0.3, rel_tol=1e-6)


def test_gradient_is_the_unit_difference_and_zero_where_colours_are_equal():
    first = torch.tensor([[[[0.3, 0.5]], [[0.0, 0.5]], [[0.4, 0.5]]]], requires_grad=True)  # one pixel (.3, 0, .4) away
    second = torch.tensor([[[[0.0, 0.5]], [[0.0, 0.5]], [[0.0, 0.5]]]])
    (gradient,) = torch.autograd.grad(colour_distance(first, second).sum(), first)
    torch.testing.assert_close(gradient[0, :, 0], torch.tensor([[0.6, 0.0], [0.0, 0.0], [0.8, 0.0]]))


def test_root_is_smooth_to_autograd_and_keeps_nan():
    squared = torch.tensor([4.0, 0.25], dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(root, squared)
    values = torch.tensor([0.0, math.nan, 9.0], requires_grad=True)
    (gradient,) = torch.autograd.grad(root(values).sum(), values)
    assert root(values).detach()[[0, 2]].tolist() == [0.0, 3.0]
    assert root(values)[1].isnan()
    assert gradient[0] == 0
