"""Layers of AlexNet against those of its two papers, and ImageNet's weights on a picture of one channel."""

from __future__ import annotations

import pytest
import torch
from torch import nn
from torch.nn import functional

from seethrough.errors import SeethroughError
from seethrough.networks.alexnet import _IMAGENET_STD, _TORCHVISION, AlexNet, load_imagenet


def shapes(network: AlexNet) -> list[tuple[int, ...]]:
    """Return the shapes of what convolutions, poolings and hidden layers put out, without the batch."""
    found: list[tuple[int, ...]] = []
    kinds = (nn.Conv2d, nn.MaxPool2d, nn.Linear)
    for layer in network.modules():
        if isinstance(layer, kinds):
            layer.register_forward_hook(lambda module, inputs, output: found.append(tuple(output.shape[1:])))
    size = network.image_size
    network.eval()(torch.empty(1, 1, size, size, device="meta"))
    return found


# Krizhevsky et al. 2012, Sec. 3.5 (with maps of 55, 27 and 13), and 1404.5997, Sec. 5 (torchvision's).
@pytest.mark.parametrize(
    ("form", "channels", "weights"),
    [
        (
            "two_towers",
            (96, 256, 384, 384, 256),
            (96 * 121, 256 * 48 * 25, 384 * 256 * 9, 384 * 192 * 9, 256 * 192 * 9, 9216 * 4096, 4096 * 4096),
        ),
        (
            "one_tower",
            (64, 192, 384, 256, 256),
            (64 * 121, 192 * 64 * 25, 384 * 192 * 9, 256 * 384 * 9, 256 * 256 * 9, 9216 * 4096, 4096 * 4096),
        ),
    ],
)
def test_layers_are_those_of_the_papers(form: str, channels: tuple[int, ...], weights: tuple[int, ...]) -> None:
    with torch.device("meta"):
        network = AlexNet(form=form)
    a, b, c, d, e = channels
    assert shapes(network) == [
        (a, 55, 55), (a, 27, 27), (b, 27, 27), (b, 13, 13), (c, 13, 13), (d, 13, 13), (e, 13, 13), (e, 6, 6),
        (4096,), (4096,),
    ]  # fmt: skip
    assert tuple(layer.weight.numel() for layer in network.weighted()) == weights
    assert network.descriptor_size == 4096


def test_every_layer_is_normalised_and_none_dropped_out() -> None:
    with torch.device("meta"):
        network = AlexNet()
    layers = [layer for layer in network.modules() if not list(layer.children())]
    assert not any(isinstance(layer, nn.Dropout) for layer in layers)
    for place, layer in enumerate(layers):
        if isinstance(layer, nn.Conv2d | nn.Linear):
            assert isinstance(layers[place + 1], nn.BatchNorm2d | nn.BatchNorm1d)
            assert isinstance(layers[place + 2], nn.ReLU)
            assert layer.bias is None


def test_descriptors_are_the_last_hidden_layer() -> None:
    network = AlexNet(48, width=0.1, hidden=(12, 7), kernel=7, stride=2).eval()
    picture = torch.randn(3, 1, 48, 48)
    with torch.no_grad():
        found = network(picture)
    assert found.shape == (3, 7) and (found >= 0).all() and found.any()
    with pytest.raises(ValueError, match=r"expected \(B, 1, 48, 48\) pictures, got \(3, 1, 40, 40\)"):
        network(picture[..., :40, :40])


def test_impossible_networks_are_refused() -> None:
    with pytest.raises(ValueError, match="unknown form 'three'"):
        AlexNet(form="three")
    with pytest.raises(ValueError, match="image size 40 is too small"):
        AlexNet(40)
    with pytest.raises(ValueError, match="two hidden layers, not 1"):
        AlexNet(hidden=(8,))


def imagenet(network: AlexNet) -> dict[str, torch.Tensor]:
    values = {f"{name}.weight": torch.randn_like(layer.weight)
              for name, layer in zip(_TORCHVISION, network.weighted(), strict=True)}  # fmt: skip
    first = values["features.0.weight"]
    return values | {"features.0.weight": first.repeat(1, 3, 1, 1) + torch.randn(len(first), 3, *first.shape[2:])}


def test_imagenets_filters_see_a_grey_picture_as_three_channels() -> None:
    network = AlexNet(48, width=0.1, hidden=(12, 7), kernel=7, stride=2)
    weights = imagenet(network)
    load_imagenet(network, weights, "alexnet.pth")
    grey = torch.rand(2, 1, 48, 48)
    mean = torch.tensor([0.485, 0.456, 0.406]).view(1, 3, 1, 1)
    stacked = (grey.expand(-1, 3, -1, -1) - mean) / torch.tensor(_IMAGENET_STD).view(1, 3, 1, 1)
    theirs = functional.conv2d(stacked, weights["features.0.weight"], stride=2)
    ours = functional.conv2d(grey, network.weighted()[0].weight, stride=2)
    shift = (theirs - ours).detach()
    # One number a channel, which batch normalisation takes off.
    assert shift.std((0, 2, 3)).max() < 1e-4 < shift.abs().max()
    for name, layer in list(zip(_TORCHVISION, network.weighted(), strict=True))[1:]:
        assert torch.equal(layer.weight, weights[f"{name}.weight"])


def test_foreign_weights_are_told() -> None:
    network = AlexNet(48, width=0.1, hidden=(12, 7), kernel=7, stride=2)
    weights = imagenet(network)
    with pytest.raises(
        SeethroughError, match=r"a\.pth: 'classifier\.4\.weight' is \(7, 11\), the network has \(7, 12\)"
    ):
        load_imagenet(network, weights | {"classifier.4.weight": torch.zeros(7, 11)}, "a.pth")
    del weights["features.6.weight"]
    with pytest.raises(SeethroughError, match=r"a\.pth: has no 'features\.6\.weight', so it is not torchvision's"):
        load_imagenet(network, weights, "a.pth")
