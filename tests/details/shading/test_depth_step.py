from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import pytest
import torch

from seethrough.details.shading.depth_step import DepthProblem, lower
from seethrough.details.shading.pixel_grid import PixelGrid
from seethrough.details.shading.surface_normals import normal_field, unit_normals
from tests.details.shading.grids import axes

LIGHT = torch.tensor([0.25, -0.15, -0.4, 0.3]).double()
SIZE = 36


def problem(**changes) -> tuple[DepthProblem, torch.Tensor]:
    """Return a bowl with known ripples, seen without noise, and the true change of depth."""
    x, y = axes(SIZE, SIZE)
    depth = 500 + (x.square() + y.square()) / 60
    truth = 0.3 * torch.sin(x / 2.5) * torch.exp(-(y.square() + x.square()) / 120)
    mask = ((x.square() + y.square()).sqrt() < 16).double()
    grid = PixelGrid.of(depth, mask, x, y, 600.0)
    made = DepthProblem(
        brightness=torch.zeros(SIZE, SIZE).double(),
        albedo=torch.full((SIZE, SIZE), 0.9).double(),
        local_light=0.02 * mask,
        light=LIGHT,
        depth=depth,
        confidence=mask,
        grid=grid,
        closeness=0.004,
        smoothness=0.0075,
        bend=0.0,
        smooth_depth=False,
        darkening=torch.zeros(SIZE, SIZE).double(),
        reach=0.0,
        newton=True,
    )
    made = replace(made, **changes)
    return replace(made, brightness=made.residual(truth * mask)), truth * mask


@pytest.mark.parametrize(("newton", "bend"), [(True, 0.0), (False, 0.0), (True, 0.02)])
def test_every_step_lowers_the_energy_and_finds_the_ripples(newton: bool, bend: float) -> None:
    made, truth = problem(newton=newton, bend=bend)
    change, energies = lower(made, 6)
    assert len(energies) > 1
    assert all(later < earlier for earlier, later in pairwise(energies))
    assert made.energy(change) == pytest.approx(energies[-1])
    inside = made.grid.mask > 0
    correlation = torch.corrcoef(torch.stack([change[inside], truth[inside]]))[0, 1]
    assert correlation > 0.9
    assert float((change - truth)[inside].square().mean()) < 0.4 * float(truth[inside].square().mean())
    assert float(change[~inside].abs().max()) == 0


@pytest.mark.parametrize("smooth_depth", [True, False])
@pytest.mark.parametrize(("reach", "bend"), [(0.0, 0.0), (2.0, 0.0), (2.0, 0.02)])
def test_newton_ends_where_the_gradient_of_the_energy_vanishes(smooth_depth: bool, reach: float, bend: float) -> None:
    dark = torch.full((SIZE, SIZE), 0.1 if reach else 0.0).double()
    made, _ = problem(smooth_depth=smooth_depth, reach=reach, darkening=dark, bend=bend)
    change, _ = lower(made, 12)

    def slope(at: torch.Tensor) -> float:
        at = at.clone().requires_grad_()
        data = (made.confidence * made.residual(at).square()).sum()
        bent = made.grid.laplacian(made.depth + at if smooth_depth else at)
        penalty = bend**2 * (1 + (bent / bend).square()).log() if bend else bent.square()
        total = data + 0.004 * (at.square() * made.grid.mask).sum() + 0.0075 * penalty.sum()
        assert float(total.detach()) == pytest.approx(made.energy(at.detach()))
        return float((torch.autograd.grad(total, at)[0] * made.grid.mask).norm())

    assert slope(change) < 0.02 * slope(torch.zeros_like(change))


def test_sharp_creases_cost_less_than_their_squares() -> None:
    """One crease and noise of little slope: the same smoothness leaves more of the one, and no more of the other."""
    made, _ = problem(smoothness=0.5)
    x = made.grid.x.expand(SIZE, SIZE)
    noise = 0.01 * torch.randn(SIZE, SIZE, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    crease = 0.8 * torch.exp(-x.square() / 3) * made.grid.mask
    seen = made.albedo * made.shaded(crease) + made.local_light + noise
    depths, rough = [], []
    for bend in (0.0, 0.02):
        change, _ = lower(replace(made, brightness=seen, bend=bend), 12)
        depths.append(float(change[12:24, 17:19].mean() - change[12:24, 12].mean()))
        rough.append(float(made.grid.laplacian(change)[8:28, 4:10].square().mean().sqrt()))
    assert depths[1] > 1.2 * depths[0]
    assert rough[1] < 1.1 * rough[0]


def test_a_step_that_raises_the_energy_is_not_taken() -> None:
    made, _ = problem()

    class Overshooting(DepthProblem):
        def step(self, change: torch.Tensor) -> torch.Tensor:
            return change + 50.0 * self.grid.mask * torch.sign(self.grid.x)

    bad = Overshooting(**vars(made))
    change, energies = lower(bad, 3)
    assert float(change.abs().max()) == 0
    assert energies == [pytest.approx(made.energy(change))]


def test_what_explains_the_photo_is_left_alone() -> None:
    made, _ = problem()
    quiet = replace(made, brightness=made.brightness + made.residual(torch.zeros_like(made.depth)))
    change, _ = lower(quiet, 3)
    assert float(change.abs().max()) < 1e-6


def test_hollows_are_dark() -> None:
    made, _ = problem(reach=2.0, darkening=torch.full((SIZE, SIZE), 0.2).double())
    dent = torch.zeros(SIZE, SIZE).double()
    dent[18, 18] = 1.0  # away from the camera
    still = replace(made, light=torch.tensor([0.0, 0.0, 0.0, 0.5]).double())
    darker = still.residual(dent) - still.residual(torch.zeros_like(dent))
    assert float(darker[18, 18]) == pytest.approx(-0.2 * float(still.hollow(dent)[18, 18]))
    assert float(darker[18, 18]) < -0.15


def test_the_light_of_the_problem_is_that_of_its_normals() -> None:
    made, _ = problem()
    normals, _ = unit_normals(normal_field(made.depth, made.grid))
    torch.testing.assert_close(
        made.shaded(torch.zeros_like(made.depth)), (LIGHT[:3, None, None] * normals).sum(0) + LIGHT[3]
    )
