"""Networks as one writes them down: every map that a convolution doubles is made."""

from __future__ import annotations

import copy
from typing import TypeVar

from torch import nn

from seethrough.networks.enlarged_convolution import EnlargedConvolution

Network = TypeVar("Network", bound=nn.Module)


def written_plainly(network: Network) -> Network:
    """Return a copy of a network in which nearest-neighbour enlargements are layers of their own; weights stay."""
    plain = copy.deepcopy(network)
    for module in list(plain.modules()):
        for name, child in module.named_children():
            if isinstance(child, EnlargedConvolution):
                setattr(module, name, nn.Sequential(nn.Upsample(scale_factor=2), _convolution(child)))
    return plain


def _convolution(layer: EnlargedConvolution) -> nn.Conv2d:
    plain = nn.Conv2d(layer.in_channels, layer.out_channels, 3, padding=1, device="meta")
    plain.weight, plain.bias = layer.weight, layer.bias
    return plain
