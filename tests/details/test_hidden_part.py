"""Which part of a foundation something hides: slivers and small islands do not count."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy import ndimage

from seethrough.details.detail_foundation import _hidden
from seethrough.details.shaded_skin import NARROWED, _narrowed


@pytest.fixture
def blotches() -> torch.Tensor:
    """Blotches of some pixels, up to the border."""
    noise = np.random.default_rng(0).normal(size=(400, 400))
    return torch.from_numpy(ndimage.gaussian_filter(noise, 5) > 0)


def test_what_no_square_fits_into_is_no_hidden_part(blotches: torch.Tensor) -> None:
    side = 2 * max(1, round(NARROWED * 400)) + 1
    hidden = _hidden(torch.ones_like(blotches), 1 - blotches.float(), least=0)
    wanted = ndimage.binary_opening(blotches.numpy(), np.ones((side, side)))
    assert 0.1 < wanted.mean() < blotches.float().mean()
    np.testing.assert_array_equal(hidden.numpy(), wanted)


def test_a_mask_is_narrowed_by_a_square(blotches: torch.Tensor) -> None:
    np.testing.assert_array_equal(_narrowed(blotches, 3).numpy(), ndimage.binary_erosion(blotches, np.ones((7, 7))))
