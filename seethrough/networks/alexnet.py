"""AlexNet with batch normalisation and without dropout: a recogniser of bump maps (Extreme 3D, Sec. 5.2)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from seethrough.errors import SeethroughError


@dataclass(frozen=True)
class Form:
    """Channels of the five convolutions, and in how many groups each is parted."""

    channels: tuple[int, int, int, int, int]
    groups: tuple[int, int, int, int, int] = (1, 1, 1, 1, 1)


FORMS = {
    "two_towers": Form((96, 256, 384, 384, 256), (1, 2, 1, 2, 2)),
    "one_tower": Form((64, 192, 384, 256, 256)),
}
"""``two_towers``: Krizhevsky et al. (NIPS 2012), which the paper cites. ``one_tower``: Krizhevsky (arXiv 1404.5997),
the form of which torchvision has ImageNet weights."""

_POOLED = (0, 1, 4)
"""Convolutions after which the map is pooled."""
_IMAGENET_STD = (0.229, 0.224, 0.225)
_TORCHVISION = ("features.0", "features.3", "features.6", "features.8", "features.10", "classifier.1", "classifier.4")


class AlexNet(nn.Module):
    """Five convolutions and two hidden layers on a picture of one channel.

    Batch normalisation (Ioffe and Szegedy 2015) stands before each ReLU, in the place of AlexNet's own normalisation
    and of its biases; there is no dropout.

    Args:
        image_size: height and width of the picture, px; 224 gives the maps of 55, 27, 13 and 6 px of AlexNet.
        form: one of :data:`FORMS`.
        width: of the convolutions, as a share of the form's.
        hidden: units of the two hidden layers; the last of them is the descriptor.
        kernel: side of the first convolution's filters.
        stride: of the first convolution.

    Raises:
        ValueError: an unknown form, or a picture so small that nothing is left of it.
    """

    def __init__(
        self,
        image_size: int = 224,
        form: str = "one_tower",
        width: float = 1.0,
        hidden: Sequence[int] = (4096, 4096),
        kernel: int = 11,
        stride: int = 4,
    ) -> None:
        super().__init__()
        if form not in FORMS:
            raise ValueError(f"unknown form {form!r} of AlexNet: choose from {', '.join(FORMS)}")
        if len(hidden) != 2:
            raise ValueError(f"AlexNet has two hidden layers, not {len(hidden)}")
        groups = FORMS[form].groups
        channels = [max(2, 2 * round(width * full / 2)) for full in FORMS[form].channels]
        layers, before, side = [], 1, image_size
        for number, (after, parts) in enumerate(zip(channels, groups, strict=True)):
            size, step, border = ((kernel, stride, 2), (5, 1, 2))[number] if number < 2 else (3, 1, 1)
            layers += [
                nn.Conv2d(before, after, size, step, border, groups=parts, bias=False),
                nn.BatchNorm2d(after),
                nn.ReLU(inplace=True),
            ]
            side = (side + 2 * border - size) // step + 1
            if number in _POOLED:
                layers.append(nn.MaxPool2d(3, 2))
                side = (side - 3) // 2 + 1
            before = after
        if side < 1:
            raise ValueError(f"image size {image_size} is too small for a first convolution of {kernel} px in {stride}")
        self.image_size = image_size
        self.convolutions = nn.Sequential(*layers)
        self.hidden = nn.Sequential()
        inputs = before * side * side
        for outputs in hidden:
            self.hidden.extend([nn.Linear(inputs, outputs, bias=False), nn.BatchNorm1d(outputs), nn.ReLU(inplace=True)])
            inputs = outputs
        self.descriptor_size = int(hidden[-1])
        for layer in self.modules():
            if isinstance(layer, nn.Conv2d | nn.Linear):
                nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")

    def forward(self, picture: Tensor) -> Tensor:
        """Return (B, D) descriptors, the last hidden layer, of (B, 1, S, S) pictures.

        Raises:
            ValueError: pictures of another size.
        """
        wanted = (1, self.image_size, self.image_size)
        if tuple(picture.shape[1:]) != wanted:
            raise ValueError(f"expected (B, {', '.join(map(str, wanted))}) pictures, got {tuple(picture.shape)}")
        return self.hidden(self.convolutions(picture).flatten(1))

    def weighted(self) -> list[nn.Conv2d | nn.Linear]:
        """Return the seven layers that have weights, in order."""
        return [layer for layer in self.modules() if isinstance(layer, nn.Conv2d | nn.Linear)]


def load_imagenet(network: AlexNet, weights: Mapping[str, Any], source: Path | str) -> None:
    """Begin at torchvision's AlexNet, which ImageNet has taught (transfer learning, Sec. 5.2).

    A bump map has one channel: stacked three times it would meet the sums over the colours of the first filters, each
    over the deviation that ImageNet's images are divided by. Biases are left out: batch normalisation takes them off.

    Args:
        network: ``one_tower`` of full width, on pictures of 224 px.
        weights: state dictionary of ``torchvision.models.alexnet``.
        source: of them, for messages.

    Raises:
        SeethroughError: other weights, or another network.
    """
    layers = network.weighted()
    for name, layer in zip(_TORCHVISION, layers, strict=True):
        value = weights.get(f"{name}.weight")
        if not isinstance(value, Tensor):
            raise SeethroughError(f"{source}: has no '{name}.weight', so it is not torchvision's AlexNet")
        if layer is layers[0] and value.ndim == 4 and value.shape[1] == 3:
            value = (value / torch.tensor(_IMAGENET_STD).view(1, 3, 1, 1)).sum(1, keepdim=True)
        if value.shape != layer.weight.shape:
            raise SeethroughError(
                f"{source}: '{name}.weight' is {tuple(value.shape)}, the network has {tuple(layer.weight.shape)}; "
                "ImageNet weights fit form=one_tower with width=1, hidden=[4096,4096] and images of 224 px"
            )
        with torch.no_grad():
            layer.weight.copy_(value)
