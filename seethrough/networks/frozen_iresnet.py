"""iResNet-50 for good: its normalisations merged into the convolutions, as weights that never change allow."""

from __future__ import annotations

import copy

import torch
from torch import Tensor, nn
from torch.nn import functional

from seethrough.networks.iresnet import IResNet50, ResidualBlock

CHIP_SIZE = 112


class FrozenBlock(nn.Module):
    """One residual block of two convolutions: normalise, convolve, PReLU, convolve, add.

    The normalisation before the first convolution shifts its input but not the zeros around it, so what the shift adds
    to the output differs at the border: it is kept as a map.

    Args:
        block: the block, in eval mode.
        size: height and width of its input.
    """

    offset: Tensor

    def __init__(self, block: ResidualBlock, size: int) -> None:
        super().__init__()
        before, between, after = (_affine(norm) for norm in (block.bn1, block.bn2, block.bn3))
        weight = block.conv1.weight * _column(between[0])
        shifts = before[1].view(1, -1, 1, 1).expand(-1, -1, size, size)
        offset = functional.conv2d(shifts, weight, padding=1) + between[1].view(1, -1, 1, 1)
        self.register_buffer("offset", offset)
        self.first = _convolution(weight * before[0].view(1, -1, 1, 1), None, 1, 1)
        self.prelu = copy.deepcopy(block.prelu)
        self.second = _convolution(block.conv2.weight * _column(after[0]), after[1], block.stride, 1)
        self.shortcut = None
        if block.downsample is not None:
            assert isinstance(block.downsample, nn.Sequential)
            convolution, norm = block.downsample
            assert isinstance(convolution, nn.Conv2d)
            assert isinstance(norm, nn.BatchNorm2d)
            scale, shift = _affine(norm)
            self.shortcut = _convolution(convolution.weight * _column(scale), shift, block.stride, 0)

    def forward(self, features: Tensor) -> Tensor:
        """Return the block's output; in place where no gradient needs the old values."""
        residual = self.second(self.prelu(self.first(features).add_(self.offset)))
        return residual.add_(features if self.shortcut is None else self.shortcut(features))


class FrozenIResNet50(nn.Module):
    """The function of an :class:`~seethrough.networks.iresnet.IResNet50` in eval mode, without its 53 normalisations.

    Args:
        network: copied from; what it becomes later does not matter.
    """

    offset: Tensor

    @torch.no_grad()
    def __init__(self, network: IResNet50) -> None:
        super().__init__()
        scale, shift = _affine(network.bn1)
        weight = network.conv1.weight * _column(scale)
        # The network wants 2 chip - 1, and zeros around that.
        minus_one = weight.new_full((1, 3, CHIP_SIZE, CHIP_SIZE), -1.0)
        self.register_buffer("offset", functional.conv2d(minus_one, weight, padding=1) + shift.view(1, -1, 1, 1))
        self.stem = _convolution(2 * weight, None, 1, 1)
        self.prelu = copy.deepcopy(network.prelu)
        stages, size = [], CHIP_SIZE
        for layer in (network.layer1, network.layer2, network.layer3, network.layer4):
            blocks = []
            for block in layer:
                assert isinstance(block, ResidualBlock)
                blocks.append(FrozenBlock(block, size))
                size //= block.stride
            stages.append(nn.Sequential(*blocks))
        self.stages = nn.ModuleList(stages)
        scale, shift = (value.repeat_interleave(size * size) for value in _affine(network.bn2))
        last_scale, last_shift = _affine(network.features)
        self.head = nn.Linear(network.fc.in_features, network.fc.out_features, dtype=scale.dtype)
        self.head.weight.copy_(last_scale[:, None] * network.fc.weight * scale)
        self.head.bias.copy_(last_scale * (network.fc.weight @ shift + network.fc.bias) + last_shift)
        self.eval().requires_grad_(False)

    def shallow(self, chip: Tensor) -> Tensor:
        """Return the (B, 64, 56, 56) features after the first stage, of (B, 3, 112, 112) RGB chips in [0, 1]."""
        return self.stages[0](self.prelu(self.stem(chip).add_(self.offset)))

    def forward(self, chip: Tensor) -> Tensor:
        """Return (B, 512) embeddings, not normalised, of (B, 3, 112, 112) RGB chips in [0, 1]."""
        features = self.shallow(chip)
        for stage in self.stages[1:]:
            features = stage(features)
        # The layer's weights count the features channel by channel.
        return self.head(features.flatten(1))


def _affine(norm: nn.BatchNorm1d | nn.BatchNorm2d) -> tuple[Tensor, Tensor]:
    """Return scale and shift of a normalisation in eval mode."""
    assert norm.running_mean is not None
    assert norm.running_var is not None
    scale = norm.weight / (norm.running_var + norm.eps).sqrt()
    return scale, norm.bias - norm.running_mean * scale


def _column(values: Tensor) -> Tensor:
    return values.view(-1, 1, 1, 1)


def _convolution(weight: Tensor, bias: Tensor | None, stride: int, padding: int) -> nn.Conv2d:
    out_channels, in_channels, size, _ = weight.shape
    layer = nn.Conv2d(in_channels, out_channels, size, stride, padding, bias=bias is not None, dtype=weight.dtype)
    layer.weight.copy_(weight)
    if bias is not None:
        assert layer.bias is not None
        layer.bias.copy_(bias)
    return layer
