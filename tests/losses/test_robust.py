from __future__ import annotations

import math

import pytest
import torch

from seethrough.losses import RELEASE_THRESHOLD, face_log_likelihood, preliminary_mask, robust_loss


@pytest.fixture
def images():
    """Two images of four pixels with squared colour errors 0, .0003, .03 and .48; the last pixel lies off the face."""
    target = torch.full((2, 3, 2, 2), 0.5)
    rendered = target + torch.tensor([[0.0, 0.01], [0.1, 0.4]])
    region = torch.tensor([[1.0, 1.0], [1.0, 0.0]]).expand(2, 1, 2, 2)
    return target, rendered, region


def test_release_threshold():
    assert pytest.approx(0.016641) == RELEASE_THRESHOLD


def test_log_likelihood_is_a_density():
    # Three independent Gaussians at zero error
    value = face_log_likelihood(torch.zeros(1, 3, 1, 1), torch.zeros(1, 3, 1, 1))
    assert value.item() == pytest.approx(-3 * math.log(math.sqrt(2 * math.pi) * 0.043), rel=1e-5)
    assert value.item() == pytest.approx(6.68285, abs=1e-3)
    # two deviations in one channel
    target = torch.zeros(1, 3, 1, 1)
    target[0, 0] = 0.086
    assert face_log_likelihood(target, torch.zeros_like(target)).item() == pytest.approx(value.item() - 2, rel=1e-4)


def test_preliminary_mask(images):
    assert preliminary_mask(*images, RELEASE_THRESHOLD)[0, 0].tolist() == [[1, 1], [0, 0]]
    assert preliminary_mask(*images, 0.17)[1, 0].tolist() == [[1, 1], [1, 0]]
    rendered = images[1].clone().requires_grad_()
    assert not preliminary_mask(images[0], rendered, images[2], 0.17).requires_grad


def test_truncated_quadratic(images):
    # (0 + .0003 + min(.03, .02)) / 3 pixels of the face
    expected = (0.0003 + 0.02) / 3 / (2 * 0.043**2)
    assert robust_loss(*images, 0.02) == pytest.approx(expected, rel=1e-4)
    expected = (0.0003 + 0.03) / 3 / (2 * 0.043**2)
    assert robust_loss(*images, 0.17) == pytest.approx(expected, rel=1e-4)


def test_likelihood(images):
    # Two inliers of four pixels
    peak = 6.6828
    expected = -(peak + peak - 0.0003 / (2 * 0.043**2)) / 4
    assert robust_loss(*images, RELEASE_THRESHOLD, form="likelihood") == pytest.approx(expected, rel=1e-4)


@pytest.mark.parametrize("form", ["truncated_quadratic", "likelihood"])
def test_outliers_do_not_pull(images, form):
    target, rendered, region = images
    rendered = rendered.clone().requires_grad_()
    (gradient,) = torch.autograd.grad(robust_loss(target, rendered, region, 0.02, form=form), rendered)
    assert (gradient[:, :, 1] == 0).all()
    assert (gradient[:, :, 0, 1] > 0).all()


@pytest.mark.parametrize("form", ["truncated_quadratic", "likelihood"])
def test_empty_region(images, form):
    target, rendered, region = images
    rendered = rendered.clone().requires_grad_()
    loss = robust_loss(target, rendered, torch.zeros_like(region), 0.02, form=form)
    (gradient,) = torch.autograd.grad(loss, rendered)
    assert loss == 0
    assert torch.equal(gradient, torch.zeros_like(gradient))


@pytest.mark.parametrize("form", ["truncated_quadratic", "likelihood"])
def test_gradcheck(form):
    generator = torch.Generator().manual_seed(0)
    target = torch.rand(2, 3, 3, 3, dtype=torch.float64, generator=generator)
    rendered = target + 0.2 * torch.rand(2, 3, 3, 3, dtype=torch.float64, generator=generator)
    region = torch.ones(2, 1, 3, 3, dtype=torch.float64)
    rendered.requires_grad_()
    assert torch.autograd.gradcheck(lambda r: robust_loss(target, r, region, 0.03, form=form), (rendered,), eps=1e-7)


def test_bad_settings(images):
    with pytest.raises(ValueError, match="form"):
        robust_loss(*images, 0.02, form="linear")
    with pytest.raises(ValueError, match="mask"):
        preliminary_mask(images[0], images[1], images[2][:, 0], 0.02)
