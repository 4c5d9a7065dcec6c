from __future__ import annotations

import math

import pytest
import torch

from seethrough.details.luminance_bump import LuminanceBump, luminance_relief

SIZE = 64


def scene(depth: float = 1.0) -> tuple[torch.Tensor, torch.Tensor]:
    """Return a face, brighter on its left, with a dark crease of 3 px; and its mask, which leaves black around it."""
    image = torch.linspace(0.7, 0.4, SIZE).expand(1, 3, SIZE, SIZE).clone()
    image[..., 31:34, :] -= 0.08 * depth
    mask = torch.zeros(1, 1, SIZE, SIZE)
    mask[..., 8:56, 8:56] = 1
    return image * mask, mask


def test_a_crease_is_darker_than_its_surroundings_and_the_border_is_not() -> None:
    relief = luminance_relief(*scene())[0, 0]
    assert (relief[32, 12:52] < -0.03).all()
    assert relief[16:24, 28:36].abs().max() < 0.01, "smooth light is not relief"
    assert relief[9:55, 9:11].abs().max() < 0.1, "black beside the face is not the face's surroundings"
    assert not relief[:8].any()


def test_the_line_is_that_of_least_squares() -> None:
    image, mask = scene()
    relief = luminance_relief(image, mask)
    bump = (0.25 + 3 * relief) * mask
    fit = LuminanceBump()
    assert math.isnan(fit.line()[0])
    fit.add(image, bump, mask)
    assert fit.line() == pytest.approx((0.25, 3), rel=1e-4)
    assert torch.allclose(fit(image, mask), bump, atol=1e-5)
    other = LuminanceBump()
    other.load_state_dict(fit.state_dict())
    assert other.line() == fit.line() and other.images == 1


def test_images_without_relief_give_their_mean() -> None:
    mask = torch.ones(1, 1, SIZE, SIZE)
    fit = LuminanceBump()
    fit.add(torch.full((1, 3, SIZE, SIZE), 0.5), torch.full((1, 1, SIZE, SIZE), 1.5), mask)
    assert fit.line() == pytest.approx((1.5, 0))
