"""What a recogniser sees of a bump map."""

from __future__ import annotations

import pytest
import torch

from seethrough.networks.alexnet import AlexNet
from seethrough.networks.bump_recogniser import BLACK_MM, BumpRecogniser


def recogniser(**changes) -> BumpRecogniser:
    return BumpRecogniser(AlexNet(40, width=0.05, hidden=(6, 5), kernel=5, stride=2), **changes).eval()


def test_codes_are_those_of_the_paper_less_that_of_no_bump() -> None:
    bump = torch.tensor([0.0, 1.0, BLACK_MM, -50.0, 50.0]).view(5, 1, 1, 1).expand(5, 1, 40, 40)
    view = recogniser().view(bump, torch.ones_like(bump))
    expected = torch.tensor([0.0, 9.6, -127.0, -127.0, 128.0]) / 255
    torch.testing.assert_close(view[:, 0, 3, 5], expected)
    assert not recogniser().view(bump, torch.zeros_like(bump)).any()


def test_the_middle_of_the_crop_is_seen() -> None:
    network = recogniser(field=0.5, margin=1.1)
    assert network.view_size == 44
    bump, mask = torch.zeros(1, 1, 176, 176), torch.ones(1, 1, 176, 176)
    bump[..., :44, :] = bump[..., 132:, :] = bump[..., :44] = bump[..., 132:] = 5.0
    assert not network.view(bump, mask).any()
    bump[..., 44:46, 44:46] = 2.0  # one pixel of the view
    view = network.view(bump, mask)
    assert view.shape == (1, 1, 44, 44)
    assert view[0, 0, 0, 0] == view.max() > 0
    assert not network.middle(view)[..., 2:, 2:].any() and network.middle(view).shape == (1, 1, 40, 40)


def test_a_map_of_another_size_has_the_same_descriptor() -> None:
    torch.manual_seed(0)
    network = recogniser(field=0.8)
    small = torch.nn.functional.interpolate(torch.randn(2, 1, 6, 6), (50, 50), mode="bicubic")
    large = small.repeat_interleave(3, 2).repeat_interleave(3, 3)
    with torch.no_grad():
        one, other = (network(bump, torch.ones_like(bump)) for bump in (small, large))
        assert torch.equal(one, network.network(network.middle(network.view(small, torch.ones_like(small)))))
    assert torch.nn.functional.cosine_similarity(one, other).min() > 0.99


def test_impossible_views_are_refused() -> None:
    with pytest.raises(ValueError, match="field 0 must be in"):
        recogniser(field=0)
    with pytest.raises(ValueError, match=r"margin 0\.9 at least 1"):
        recogniser(margin=0.9)
    with pytest.raises(ValueError, match=r"expected square bump maps, got \(1, 1, 8, 9\)"):
        recogniser().view(torch.zeros(1, 1, 8, 9), torch.ones(1, 1, 8, 9))
