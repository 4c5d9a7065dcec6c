from __future__ import annotations

import pytest
import torch

from seethrough.details.shading.light import COEFFICIENTS, fit_light, light_basis, shading, shading_gradient


def unit(count: int) -> torch.Tensor:
    vectors = torch.randn(3, count, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    return torch.nn.functional.normalize(vectors, dim=0)


@pytest.mark.parametrize("order", [1, 2])
def test_light_of_white_surfaces_is_found(order: int) -> None:
    normals = unit(400).reshape(3, 20, 20)
    light = torch.linspace(-0.5, 0.8, COEFFICIENTS[order], dtype=torch.float64)
    found = fit_light(shading(light, normals), normals, torch.ones(20, 20).double(), order)
    torch.testing.assert_close(found, light, atol=1e-4, rtol=0)


def test_brows_and_glints_do_not_bend_a_robust_light() -> None:
    normals = unit(900).reshape(3, 30, 30)
    light = torch.tensor([0.1, -0.3, -0.4, 0.5]).double()
    seen = shading(light, normals)
    seen[:4] -= 0.4
    robust = fit_light(seen, normals, torch.ones(30, 30).double(), rounds=8)
    plain = fit_light(seen, normals, torch.ones(30, 30).double())
    assert float((robust - light).abs().max()) < 0.01 < float((plain - light).abs().max())


def test_pixels_without_weight_do_not_count() -> None:
    normals = unit(100).reshape(3, 10, 10)
    light = torch.tensor([0.1, -0.3, -0.4, 0.5]).double()
    seen, weight = shading(light, normals), torch.ones(10, 10).double()
    seen[5:], weight[5:] = torch.nan, 0
    torch.testing.assert_close(fit_light(seen, normals, weight), light, atol=1e-4, rtol=0)


def test_shading_by_hand() -> None:
    normal = torch.tensor([0.6, 0.0, -0.8]).double()
    assert float(shading(torch.tensor([1.0, 5.0, -1.0, 0.25]).double(), normal)) == pytest.approx(0.6 + 0.8 + 0.25)
    assert light_basis(normal, 2).tolist() == pytest.approx([0.6, 0, -0.8, 1, 0, 0, -0.48, 0.36, 0])
    with pytest.raises(ValueError, match="order 1 or 2"):
        light_basis(normal, 3)


@pytest.mark.parametrize("order", [1, 2])
def test_the_gradient_is_that_of_autograd(order: int) -> None:
    normals = unit(20).requires_grad_()
    light = torch.randn(COEFFICIENTS[order], generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    (wanted,) = torch.autograd.grad(shading(light, normals).sum(), normals)
    torch.testing.assert_close(shading_gradient(light, normals.detach()), wanted)
