"""dlib's face recognition network (ResNet-29, 128 numbers) in torch, read straight from dlib's model file.

The architecture is dlib's ``anet_type`` (D. King, "High quality face recognition with deep metric learning", 2017);
the weights are in the public domain and come with the PyPI package ``face_recognition_models``.
"""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from seethrough.dlib_models import PACKAGE, RECOGNITION_NETWORK, find_dlib_model
from seethrough.errors import SeethroughError

CHIP_SIZE = 150
_PIXEL_MEAN = (122.782, 117.001, 104.298)
# (input channels, output channels, stride) of the residual blocks in the order of the forward pass
_BLOCKS = (
    *((32, 32, 1),) * 3,
    *((32, 64, 2), *((64, 64, 1),) * 3),
    *((64, 128, 2), *((128, 128, 1),) * 2),
    *((128, 256, 2), *((256, 256, 1),) * 2),
    (256, 256, 2),
)


class _Block(nn.Module):
    def __init__(self, in_channels: int, out_channels: int, stride: int) -> None:
        super().__init__()
        self.stride = stride
        self.first = nn.Conv2d(in_channels, out_channels, 3, stride, padding=0 if stride == 2 else 1)
        self.second = nn.Conv2d(out_channels, out_channels, 3, padding=1)

    def forward(self, features: Tensor) -> Tensor:
        residual = self.second(torch.relu_(self.first(features)))
        if self.stride == 2:
            features = functional.avg_pool2d(features, 2)
        # dlib adds tensors of different shape as if the smaller one were continued with zeros
        shape = [max(a, b) for a, b in zip(residual.shape, features.shape, strict=True)]
        return torch.relu_(_extend(residual, shape) + _extend(features, shape))


def _extend(features: Tensor, shape: list[int]) -> Tensor:
    missing = [wanted - size for wanted, size in zip(shape, features.shape, strict=True)]
    if not any(missing):
        return features
    return functional.pad(features, (0, missing[3], 0, missing[2], 0, missing[1]))


class _Stem(nn.Conv2d):
    """A 7x7 convolution of stride 2 on three channels, whose gradient with respect to them is slow on a CPU.

    Where that is asked for, 2 x 2 pixels become one of twelve channels under a 4x4 kernel: the same sums.
    """

    def __init__(self) -> None:
        super().__init__(3, 32, 7, stride=2)

    def forward(self, chip: Tensor) -> Tensor:
        if not (torch.is_grad_enabled() and chip.requires_grad):
            return super().forward(chip)
        kernel = functional.pad(self.weight, (0, 1, 0, 1)).unflatten(3, (4, 2)).unflatten(2, (4, 2))
        kernel = kernel.permute(0, 1, 3, 5, 2, 4).flatten(1, 3)
        squares = functional.pixel_unshuffle(chip, 2).contiguous(memory_format=torch.channels_last)
        return functional.conv2d(squares, kernel.contiguous(memory_format=torch.channels_last), self.bias)


class DlibResNet(nn.Module):
    """The recognition network; dlib's affine layers and its scaling of pixels are folded into the convolutions.

    Distances between descriptors are Euclidean: below 0.6 the two chips show the same person (dlib's threshold).
    """

    def __init__(self) -> None:
        super().__init__()
        self.stem = _Stem()
        self.blocks = nn.ModuleList(_Block(*shape) for shape in _BLOCKS)
        self.head = nn.Linear(256, 128, bias=False)

    def shallow(self, chip: Tensor) -> Tensor:
        """Return the (B, 32, 35, 35) features after the stem and three blocks, of (B, 3, 150, 150) chips in [0, 1]."""
        features = torch.relu_(self.stem(chip))
        features = functional.max_pool2d(features, 3, 2)
        for block in self.blocks[:3]:
            features = block(features)
        return features

    def forward(self, chip: Tensor) -> Tensor:
        """Return the (B, 128) descriptors of (B, 3, 150, 150) RGB chips in [0, 1], as dlib computes them."""
        features = self.shallow(chip)
        for block in self.blocks[3:]:
            features = block(features)
        return self.head(features.mean((2, 3)))


def load_dlib_resnet(path: str | Path | None = None) -> DlibResNet:
    """Read dlib's ``dlib_face_recognition_resnet_model_v1.dat`` (the installed one by default), without dlib.

    Raises ``SeethroughError`` for a missing, cut or different file.
    """
    if path is None:
        path = find_dlib_model(
            RECOGNITION_NETWORK, "the dlib recognition network", "set the perceptual network to none"
        )
    path = Path(path)
    try:
        data = path.read_bytes()
    except OSError as problem:
        raise SeethroughError(f"cannot read the dlib network {path}: {problem.strerror}") from problem
    network = DlibResNet()
    try:
        _Reader(data).fill(network)
    except (ValueError, IndexError, struct.error) as problem:
        raise SeethroughError(
            f"{path} is not a whole {RECOGNITION_NETWORK} ({problem}): reinstall {PACKAGE}"
        ) from problem
    return network.eval()


def _take_pixels_in_one(stem: nn.Conv2d) -> None:
    """Let a layer take colours in [0, 1] where it took ``(255 colour - mean) / 256``; it pads nothing."""
    assert stem.bias is not None
    mean = torch.tensor(_PIXEL_MEAN).view(1, 3, 1, 1) / 256
    stem.bias -= (stem.weight * mean).sum((1, 2, 3))
    stem.weight *= 255 / 256


class _Reader:
    """Walks through dlib's serialisation, from one layer with parameters to the next.

    A layer is stored after the layers below it, as its name, its parameters as one tensor of little-endian floats, and
    its settings; integers are a length byte (its top bit is the sign) and that many bytes.
    """

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.position = 0

    def fill(self, network: DlibResNet) -> None:
        if b"loss_metric_2" not in self.data[:64] or b"input_rgb_image_sized" not in self.data[:4096]:
            raise ValueError("the header is another one")
        with torch.no_grad():
            self._convolution(network.stem)
            _take_pixels_in_one(network.stem)
            for block in network.blocks:
                assert isinstance(block, _Block)
                self._convolution(block.first)
                self._convolution(block.second)
            self._go_to(b"fc_2")
            outputs, inputs = self._integer(), self._integer()
            if (outputs, inputs) != (128, 256):
                raise ValueError(f"its last layer has {inputs} inputs and {outputs} outputs instead of 256 and 128")
            network.head.weight.copy_(self._tensor(128 * 256).view(256, 128).t())

    def _convolution(self, layer: nn.Conv2d) -> None:
        self._go_to(b"con_4")
        weights, filters = layer.weight, layer.out_channels
        values = self._tensor(weights.numel() + filters)
        kernel, bias = values[: weights.numel()].view_as(weights), values[weights.numel() :]
        self._go_to(b"affine_")
        factor, offset = self._tensor(2 * filters).split(filters)
        layer.weight.copy_(kernel * factor.view(-1, 1, 1, 1))
        assert layer.bias is not None
        layer.bias.copy_(bias * factor + offset)

    def _go_to(self, name: bytes) -> None:
        found = self.data.find(bytes([1, len(name)]) + name, self.position, self.position + 4096)
        if found < 0:
            raise ValueError(f"no layer {name.decode()} near byte {self.position}")
        self.position = found + 2 + len(name)

    def _integer(self) -> int:
        length = self.data[self.position] & 0x0F
        sign = -1 if self.data[self.position] & 0x80 else 1
        digits = self.data[self.position + 1 : self.position + 1 + length]
        self.position += 1 + length
        return sign * int.from_bytes(digits, "little")

    def _tensor(self, size: int) -> Tensor:
        version = self._integer()
        shape = [self._integer() for _ in range(4)]
        stored = shape[0] * shape[1] * shape[2] * shape[3]
        if version != 2 or stored != size:
            raise ValueError(f"{stored} parameters where {size} belong, near byte {self.position}")
        end = self.position + 4 * size
        if end > len(self.data):
            raise ValueError(f"it ends at byte {len(self.data)}, within a layer")
        values = np.frombuffer(self.data[self.position : end], dtype="<f4").astype(np.float32)
        self.position = end
        return torch.from_numpy(values)
