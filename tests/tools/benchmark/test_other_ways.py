"""What is tried beside the project's way computes the same, so that only its time differs."""

from __future__ import annotations

import torch
from torch import nn

from seethrough.networks import SegmentationUNet
from seethrough.networks.perceptual import PerceptualNet
from tools.benchmark.focus.other_ways import RememberingNet, without_normalisations


def test_folded_normalisations_change_nothing() -> None:
    network = SegmentationUNet(widths=(4, 6, 8))
    images = [torch.rand(2, 3, 40, 48) for _ in range(2)]
    for _ in range(3):  # statistics other than the first ones
        network(*images)
    network.eval()
    folded = without_normalisations(network)
    assert not any(isinstance(module, nn.BatchNorm2d) for module in folded.modules())
    with torch.no_grad():
        torch.testing.assert_close(folded(*images), network(*images), atol=1e-5, rtol=1e-5)


def test_embeddings_that_are_known_are_not_worked_out_again() -> None:
    class Counting(nn.Module):
        calls = 0

        def shallow(self, chip: torch.Tensor) -> torch.Tensor:
            return chip

        def forward(self, chip: torch.Tensor) -> torch.Tensor:
            self.calls += 1
            return chip.mean((2, 3))

    counting = Counting()
    network = PerceptualNet(counting, lambda image, landmarks: image, 4)  # pyright: ignore
    known, other = torch.rand(2, 3, 4, 4), torch.rand(2, 3, 4, 4)
    remembering = RememberingNet(network, known)
    assert torch.equal(remembering.of_chip(known), network.of_chip(known))
    assert counting.calls == 2  # to remember, and to compare
    assert torch.equal(remembering.of_chip(other), network.of_chip(other))
    assert counting.calls == 4
