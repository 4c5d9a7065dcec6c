from __future__ import annotations

import pytest
import torch
from torch import nn

from seethrough.networks.frozen_iresnet import FrozenIResNet50
from seethrough.networks.iresnet import IResNet50


@pytest.fixture(scope="module")
def network() -> IResNet50:
    """An iResNet-50 whose normalisations do something, as those of a trained one do."""
    generator = torch.Generator().manual_seed(0)
    torch.manual_seed(0)
    network = IResNet50().eval()
    # Two blocks of each stage, the one that strides and one that does not, are all kinds of block that there are.
    for stage in ("layer1", "layer2", "layer3", "layer4"):
        setattr(network, stage, getattr(network, stage)[:2])
    network = network.double()  # a rounding error can turn the sign of a unit, and its gradient
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d | nn.BatchNorm1d):
            assert module.running_mean is not None
            assert module.running_var is not None
            for value, low, high in (
                (module.weight, 0.5, 1.5),
                (module.bias, -0.5, 0.5),
                (module.running_mean, -0.5, 0.5),
                (module.running_var, 0.5, 2.0),
            ):
                value.data.copy_(low + (high - low) * torch.rand(value.shape, generator=generator))
        elif isinstance(module, nn.PReLU):
            module.weight.data.copy_(0.5 * torch.rand(module.weight.shape, generator=generator))
    return network


def test_it_is_the_same_function_with_the_same_gradient(network):
    frozen = FrozenIResNet50(network)
    chip = torch.rand(1, 3, 112, 112, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    results = []
    for model in (network, frozen):
        image = chip.clone().requires_grad_()
        features, embedding = model.shallow(image), model(image)
        weights = torch.linspace(-1, 1, embedding.numel(), dtype=torch.float64).view_as(embedding)
        (gradient,) = torch.autograd.grad((embedding * weights).sum() + features.mean(), image)
        results.append((features.detach(), embedding.detach(), gradient))
    for expected, found in zip(*results, strict=True):
        assert (found - expected).abs().max() < 1e-9 * expected.abs().max()


def test_nothing_of_it_is_trained_and_no_normalisation_is_left(network):
    frozen = FrozenIResNet50(network)
    assert not any(parameter.requires_grad for parameter in frozen.parameters())
    assert not any(isinstance(module, nn.BatchNorm2d | nn.BatchNorm1d) for module in frozen.modules())
    before = frozen.head.bias.clone()
    network.fc.bias.data.add_(1.0)
    assert torch.equal(frozen.head.bias, before)
    network.fc.bias.data.sub_(1.0)
