from __future__ import annotations

import math
from collections.abc import Callable

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from seethrough.details.shading.conjugate_gradients import solve
from seethrough.details.shading.neighbours import Neighbours, alike
from seethrough.details.shading.reflectance import fit_albedo, fit_local_light

SHAPE = (5, 6)


def random_neighbours(seed: int) -> tuple[Neighbours, torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(seed)
    image = torch.rand(SHAPE, generator=generator, dtype=torch.float64)
    mask = (torch.rand(SHAPE, generator=generator) < 0.8).double()
    depth = 500 + 5 * torch.rand(SHAPE, generator=generator, dtype=torch.float64)
    return alike(image, depth, mask, cut=0.3, grey_variance=0.05, depth_variance=50.0), image, mask


def dense(operator: Callable[[torch.Tensor], torch.Tensor]) -> torch.Tensor:
    columns = torch.eye(math.prod(SHAPE), dtype=torch.float64).reshape(-1, *SHAPE)
    return torch.stack([operator(column).reshape(-1) for column in columns], 1)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10**6))
def test_differences_are_symmetric_and_vanish_on_constants(seed: int) -> None:
    neighbours, _, _ = random_neighbours(seed)
    matrix = dense(neighbours.difference)
    torch.testing.assert_close(matrix, matrix.T)
    assert float(matrix.sum(1).abs().max()) < 1e-12
    squared = neighbours.squared_diagonal().reshape(-1)
    torch.testing.assert_close(squared, (matrix @ matrix).diagonal())


def test_weights_by_hand() -> None:
    image = torch.tensor([[0.2, 0.3, 0.9]]).double()
    depth = torch.tensor([[500.0, 505.0, 505.0]]).double()
    kinds = {"cut": 0.05, "grey_variance": 0.05, "depth_variance": 50.0}
    neighbours = alike(image, depth, torch.ones(1, 3).double(), **kinds)
    weight = math.exp(-(0.1**2) / (2 * 0.05)) * math.exp(-(5.0**2) / (2 * 50))
    values = torch.tensor([[1.0, 3.0, 7.0]]).double()
    # the step of 0.6 is over the cut: its square is more than 0.05
    assert neighbours.difference(values).tolist()[0] == pytest.approx([-2 * weight, 2 * weight, 0])
    hidden = alike(image, depth, torch.tensor([[1.0, 0.0, 1.0]]).double(), **kinds)
    assert float(hidden.difference(values).abs().max()) == 0


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 10**6), st.sampled_from([0.1, 10.0]))
def test_albedo_and_local_light_are_the_least_squares_solutions(seed: int, smoothness: float) -> None:
    neighbours, image, mask = random_neighbours(seed)
    shaded = 0.4 + 0.2 * image.flip(0)
    square = dense(lambda values: neighbours.difference(neighbours.difference(values)))
    inside = mask.reshape(-1).bool()
    albedo = fit_albedo(image, shaded, neighbours, mask, smoothness)
    matrix = torch.diag((mask * shaded.square()).reshape(-1)) + smoothness * square
    wanted = torch.linalg.solve(matrix[inside][:, inside], (shaded * image).reshape(-1)[inside])
    torch.testing.assert_close(albedo.reshape(-1)[inside], wanted, atol=5e-3, rtol=0)
    assert bool((albedo[mask == 0] == 1).all())

    local = fit_local_light(image - 0.5, neighbours, mask, smoothness, 2.0)
    matrix = 3 * torch.eye(len(square), dtype=torch.float64) + smoothness * square
    wanted = torch.linalg.solve(matrix[inside][:, inside], (image - 0.5).reshape(-1)[inside])
    torch.testing.assert_close(local.reshape(-1)[inside], wanted, atol=2e-3, rtol=0)
    assert bool((local[mask == 0] == 0).all())


def test_without_smoothness_albedo_takes_up_all_shading() -> None:
    neighbours, image, mask = random_neighbours(3)
    shaded = torch.full(SHAPE, 0.5).double()
    albedo = fit_albedo(image, shaded, neighbours, mask, 0.0)
    torch.testing.assert_close((albedo * shaded)[mask > 0], image[mask > 0], atol=1e-3, rtol=0)


def test_conjugate_gradients_solve() -> None:
    generator = torch.Generator().manual_seed(0)
    root = torch.randn(12, 12, generator=generator, dtype=torch.float64)
    matrix = root @ root.T + torch.eye(12)
    target, start = torch.randn(2, 12, generator=generator, dtype=torch.float64)
    kept = start.clone()
    found = solve(lambda values: matrix @ values, target, start, matrix.diagonal(), tolerance=1e-10)
    torch.testing.assert_close(found, torch.linalg.solve(matrix, target))
    assert torch.equal(start, kept)
    # exact after as many steps as there are unknowns, and no worse with none to do
    assert torch.equal(solve(lambda values: matrix @ values, target, start, matrix.diagonal(), iterations=0), start)
    still = solve(lambda values: matrix @ values, torch.zeros(12).double(), torch.zeros(12).double(), matrix.diagonal())
    assert float(still.abs().max()) == 0
