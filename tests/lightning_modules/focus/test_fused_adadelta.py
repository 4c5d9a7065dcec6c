"""Adadelta in one pass takes the steps of torch's."""

from __future__ import annotations

import copy

import pytest
import torch
from torch import nn

from lightning_modules.focus.fused_adadelta import SHARED_OUT, FusedAdadelta, adadelta_step


def network(dtype: torch.dtype = torch.float32) -> nn.Module:
    torch.manual_seed(0)
    layers = nn.Sequential(
        nn.Conv2d(3, 8, 3, bias=False), nn.BatchNorm2d(8), nn.Conv2d(8, 4, 3), nn.Flatten(), nn.Linear(64, 3)
    )
    layers[2].to(memory_format=torch.channels_last)
    return layers.to(dtype)


def train(optimiser: torch.optim.Optimizer, layers: nn.Module, steps: int = 5) -> list[torch.Tensor]:
    generator = torch.Generator().manual_seed(1)
    for step in range(steps):
        image = torch.randn(2, 3, 8, 8, generator=generator).to(next(layers.parameters()).dtype)
        optimiser.zero_grad()
        layers(image).square().mean().backward()
        if step == 2:
            layers[4].bias.grad = None  # a parameter that a step does not use
        optimiser.step()
    return [parameter.detach().clone() for parameter in layers.parameters()]


@pytest.mark.parametrize("settings", [{}, {"weight_decay": 0.01, "rho": 0.8, "eps": 1e-4}])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_steps_are_those_of_torch(settings: dict, dtype: torch.dtype) -> None:
    ours, theirs = network(dtype), network(dtype)
    one, other = (
        FusedAdadelta(ours.parameters(), 0.5, **settings),
        torch.optim.Adadelta(theirs.parameters(), 0.5, **settings),
    )
    start = [parameter.detach().clone() for parameter in ours.parameters()]
    moved, expected = train(one, ours), train(other, theirs)
    for before, mine, wanted in zip(start, moved, expected, strict=True):
        torch.testing.assert_close(mine, wanted, rtol=1e-5, atol=1e-7)
        assert (mine - before).abs().max() > 1e-5
    for mine, wanted in zip(ours.parameters(), theirs.parameters(), strict=True):
        for name in ("step", "square_avg", "acc_delta"):
            torch.testing.assert_close(one.state[mine][name], other.state[wanted][name], rtol=1e-4, atol=1e-12)


def test_either_goes_on_from_the_others_state() -> None:
    ours, theirs = network(), network()
    one, other = FusedAdadelta(ours.parameters(), 0.5), torch.optim.Adadelta(theirs.parameters(), 0.5)
    train(one, ours, 2), train(other, theirs, 2)
    states = [copy.deepcopy(each.state_dict()) for each in (one, other)]
    weights = copy.deepcopy(theirs.state_dict())
    ours.load_state_dict(weights)
    for optimiser, state in zip((one, other), reversed(states), strict=True):
        optimiser.load_state_dict(state)
    for mine, wanted in zip(train(one, ours), train(other, theirs), strict=True):
        torch.testing.assert_close(mine, wanted, rtol=1e-5, atol=1e-6)


def test_parameters_with_gaps_in_memory_are_left_to_torch() -> None:
    whole = torch.ones(4, 6)
    parameter = nn.Parameter(whole[:, ::2])
    parameter.grad = torch.ones(4, 3)
    FusedAdadelta([parameter], 1.0).step()
    assert (parameter < 1).all() and (whole[:, 1::2] == 1).all()


def test_several_threads_take_the_same_step() -> None:
    count = SHARED_OUT + 5
    generator = torch.Generator().manual_seed(0)
    start, slope = torch.randn(count, generator=generator), torch.randn(count, generator=generator)
    results = []
    before = torch.get_num_threads()
    for threads in (1, 3):
        parameter = nn.Parameter(start.clone())
        parameter.grad = slope.clone()
        torch.set_num_threads(threads)
        try:
            FusedAdadelta([parameter], 1.0).step()
        finally:
            torch.set_num_threads(before)
        results.append(parameter.detach())
    assert torch.equal(*results)


def test_one_step_by_hand() -> None:
    parameter = nn.Parameter(torch.tensor([1.0]))
    parameter.grad = torch.tensor([2.0])
    optimiser = FusedAdadelta([parameter], lr=0.5, rho=0.75, eps=0.25)
    optimiser.step()
    # Squares: .25 * 4 = 1; step: sqrt(.25) / sqrt(1.25) * 2 = .894427; averaged: .25 * .8 = .2.
    assert parameter.item() == pytest.approx(1 - 0.5 * 0.894427, abs=1e-6)
    state = optimiser.state[parameter]
    assert state["square_avg"].item() == 1 and state["acc_delta"].item() == pytest.approx(0.2, abs=1e-6)
    assert adadelta_step.signatures, "the compiled step was taken"
