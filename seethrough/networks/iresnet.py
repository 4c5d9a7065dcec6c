"""ArcFace's iResNet-50, the recognition network of the paper; the weights are the user's to bring.

J. Deng et al., "ArcFace: Additive Angular Margin Loss for Deep Face Recognition", CVPR 2019. Module names follow
insightface's ``arcface_torch`` so that its ``backbone.pth`` files load as they are.
"""

from __future__ import annotations

from pathlib import Path

import torch
from torch import Tensor, nn

from seethrough.errors import SeethroughError
from seethrough.weights_file import load_weights

_DEPTHS = (3, 4, 14, 3)
_WIDTHS = (64, 128, 256, 512)


class ResidualBlock(nn.Module):
    """Normalise, convolve, normalise, PReLU, convolve with a stride, normalise, and add the input."""

    def __init__(self, in_channels: int, out_channels: int, stride: int) -> None:
        super().__init__()
        self.stride = stride
        self.bn1 = nn.BatchNorm2d(in_channels)
        self.conv1 = nn.Conv2d(in_channels, out_channels, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(out_channels)
        self.prelu = nn.PReLU(out_channels)
        self.conv2 = nn.Conv2d(out_channels, out_channels, 3, stride, padding=1, bias=False)
        self.bn3 = nn.BatchNorm2d(out_channels)
        self.downsample: nn.Module | None = None
        if stride != 1 or in_channels != out_channels:
            shortcut = nn.Conv2d(in_channels, out_channels, 1, stride, bias=False)
            self.downsample = nn.Sequential(shortcut, nn.BatchNorm2d(out_channels))

    def forward(self, features: Tensor) -> Tensor:
        """Return the block's output."""
        residual = self.prelu(self.bn2(self.conv1(self.bn1(features))))
        shortcut = features if self.downsample is None else self.downsample(features)
        return self.bn3(self.conv2(residual)) + shortcut


class IResNet50(nn.Module):
    """Embeds (B, 3, 112, 112) face chips in 512 numbers whose directions are compared; 43.6 M parameters."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, 64, 3, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(64)
        self.prelu = nn.PReLU(64)
        self.layer1, self.layer2, self.layer3, self.layer4 = (
            nn.Sequential(ResidualBlock(before, width, 2), *(ResidualBlock(width, width, 1) for _ in range(depth - 1)))
            for before, width, depth in zip((64, *_WIDTHS[:-1]), _WIDTHS, _DEPTHS, strict=True)
        )
        self.bn2 = nn.BatchNorm2d(512)
        self.fc = nn.Linear(512 * 7 * 7, 512)
        self.features = nn.BatchNorm1d(512)

    def shallow(self, chip: Tensor) -> Tensor:
        """Return the (B, 64, 56, 56) features after the first stage, of (B, 3, 112, 112) RGB chips in [0, 1]."""
        return self.layer1(self.prelu(self.bn1(self.conv1(2 * chip - 1))))

    def forward(self, chip: Tensor) -> Tensor:
        """Return (B, 512) embeddings, not normalised, of (B, 3, 112, 112) RGB chips in [0, 1]."""
        features = self.layer4(self.layer3(self.layer2(self.shallow(chip))))
        return self.features(self.fc(self.bn2(features).flatten(1)))


def load_iresnet50(path: str | Path) -> IResNet50:
    """Load an ``arcface_torch`` ``backbone.pth`` of the r50 network; raises ``SeethroughError`` for any other file."""
    path = Path(path)
    if not path.is_file():
        raise SeethroughError(
            f"no perceptual network at '{path}': choose dlib or none, or give the path of backbone.pth, an r50 model "
            "of insightface's arcface_torch"
        )
    weights = load_weights(path, "expected arcface_torch's backbone.pth (iResNet-50), plain weights")
    with torch.device("meta"):  # the random weights would be thrown away
        network = IResNet50()
    if not isinstance(weights, dict) or not all(isinstance(value, Tensor) for value in weights.values()):
        raise SeethroughError(f"{path} holds no state dict: expected arcface_torch's backbone.pth (iResNet-50)")
    weights = {name.removeprefix("module."): value for name, value in weights.items()}
    expected = network.state_dict()
    missing = sorted(set(expected) - set(weights))
    odd = sorted(set(weights) - set(expected))
    if missing or odd:
        detail = f"it lacks {missing[0]}" if missing else f"it has {odd[0]}"
        raise SeethroughError(
            f"{path} is another network than iResNet-50 ({detail}): take backbone.pth of an r50 model of arcface_torch"
        )
    for name, value in expected.items():
        if weights[name].shape != value.shape:
            raise SeethroughError(
                f"{path}: {name} has shape {tuple(weights[name].shape)} instead of {tuple(value.shape)}: take "
                "backbone.pth of an r50 model of arcface_torch"
            )
    network.load_state_dict(weights, assign=True)
    return network.float().eval()
