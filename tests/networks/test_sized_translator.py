from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from seethrough.networks.bump_translator import BumpTranslator, Translation
from seethrough.networks.sized_translator import SizedTranslator


class Pointwise(nn.Module):
    """A bump of 8 mm times the red channel, whatever the size; it notes what it was shown."""

    def __init__(self) -> None:
        super().__init__()
        self.shown: list[int] = []

    def translate(self, image: Tensor) -> Translation:
        self.shown.append(image.shape[-1])
        return Translation(8 * image[:, :1], 2 * image[:, 1:2] - 1)


def waves(side: int) -> Tensor:
    """The same smooth picture at any size, by pixel centres."""
    place = (torch.arange(side) + 0.5) / side
    wave = 0.5 + 0.4 * torch.sin(5 * place)[:, None] * torch.cos(7 * place)
    return wave.expand(1, 3, side, side)


@pytest.mark.parametrize("side", [48, 96, 250])
def test_heights_and_places_are_those_of_the_image_at_any_size(side: int) -> None:
    network = Pointwise()
    seen = SizedTranslator(network, 96).translate(waves(side))  # pyright: ignore[reportArgumentType]
    assert network.shown == [96]
    torch.testing.assert_close(seen.bump, 8 * waves(side)[:, :1], atol=0.05, rtol=0)
    assert seen.mask is not None
    torch.testing.assert_close(seen.mask, 2 * waves(side)[:, 1:2] - 1, atol=0.02, rtol=0)


def test_its_own_size_is_passed_on_as_it_is() -> None:
    torch.manual_seed(0)
    network = BumpTranslator(width=4, depth=2, padding=1).eval()
    image = torch.rand(2, 3, 24, 24)
    with torch.no_grad():
        assert torch.equal(SizedTranslator(network, 24)(image), network(image))


@pytest.mark.parametrize("shape", [(3, 24, 24), (1, 3, 24, 30)])
def test_other_than_square_images_are_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="expected"):
        SizedTranslator(BumpTranslator(width=4, depth=2, padding=1), 24)(torch.zeros(shape))
    with pytest.raises(ValueError, match="at least 1"):
        SizedTranslator(BumpTranslator(width=4, depth=2, padding=1), 0)
