from __future__ import annotations

import pytest
import torch
from torch.nn import functional

from seethrough.networks.enlarged_convolution import LEAST_PIXELS, EnlargedConvolution


def plainly(layer: EnlargedConvolution, features: torch.Tensor) -> torch.Tensor:
    enlarged = functional.interpolate(features, scale_factor=2, mode="nearest")
    return functional.conv2d(enlarged, layer.weight, layer.bias, padding=1)


def layer_and_map(height: int, width: int, batch: int = 2) -> tuple[EnlargedConvolution, torch.Tensor]:
    torch.manual_seed(0)
    layer = EnlargedConvolution(5, 3).double()
    return layer, torch.randn(batch, 5, height, width, dtype=torch.float64, requires_grad=True)


@pytest.mark.parametrize("shape", [(16, 16), (13, 40), (512, 1), (2, 2), (1, 1)])
@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last])
def test_the_same_outputs_and_gradients_as_of_the_enlarged_map(shape, layout):
    layer, features = layer_and_map(*shape)
    layer.to(memory_format=layout)
    results = []
    for function in (layer, lambda features: plainly(layer, features)):
        output = function(features)
        weight = torch.randn(output.shape, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
        assert layer.bias is not None
        gradients = torch.autograd.grad((output * weight).sum(), (features, layer.weight, layer.bias))
        results.append((output, *gradients))
    for ours, plain in zip(*results, strict=True):
        torch.testing.assert_close(ours, plain, rtol=1e-12, atol=1e-12)


def test_large_maps_are_not_enlarged(monkeypatch):
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("the map was enlarged")

    monkeypatch.setattr("seethrough.networks.enlarged_convolution.functional.interpolate", refuse)
    layer, features = layer_and_map(LEAST_PIXELS // 16, 8)
    assert layer(features).shape == (2, 3, LEAST_PIXELS // 8, 16)
    _, small = layer_and_map(LEAST_PIXELS // 32, 4)
    with pytest.raises(AssertionError, match="enlarged"):
        layer(small)


def test_parameters_are_those_of_a_convolution():
    """Checkpoints from before hold them under the same names."""
    assert {name: tuple(value.shape) for name, value in EnlargedConvolution(5, 3).state_dict().items()} == {
        "weight": (3, 5, 3, 3),
        "bias": (3,),
    }


def test_half_precision_is_as_near_as_the_plain_convolution():
    torch.manual_seed(0)
    layer = EnlargedConvolution(32, 16).to(memory_format=torch.channels_last)
    features = torch.randn(4, 32, 20, 20)
    with torch.no_grad():
        exact = plainly(layer.double(), features.double())
        layer.float()
        with torch.autocast("cpu", dtype=torch.bfloat16):
            ours, plain = layer(features), plainly(layer, features)
    assert ours.dtype == torch.bfloat16
    assert (ours - exact).square().mean() < 1.5 * (plain - exact).square().mean()
