"""Frozen recognition networks that compare faces by who they show rather than pixel by pixel."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from seethrough.networks.alignment import ARCFACE_SIZE, arcface_chip, dlib_chip
from seethrough.networks.dlib_mean_descriptor import MEAN_DESCRIPTOR
from seethrough.networks.dlib_resnet import CHIP_SIZE, DlibResNet, load_dlib_resnet
from seethrough.networks.frozen_iresnet import FrozenIResNet50
from seethrough.networks.iresnet import load_iresnet50


class PerceptualNet(nn.Module):
    """The recognition network F of FOCUS Eq. 2, 4 and 6: aligned chips in, features out, never trained.

    It moves with its parent to a device, but has no parameters, no buffers and no entry in the parent's state dict:
    checkpoints do not carry the weights, optimisers and distributed wrappers do not see them.

    Args:
        network: a module with ``shallow(chip)`` and ``forward(chip)``.
        chip: cuts (B, 3, s, s) chips from images and (B, 68, 2) landmarks.
        chip_size: s.
        centre: subtracted from an embedding before it is divided by its length; ``None`` for nothing.
    """

    _network: DlibResNet | FrozenIResNet50
    _cast: DlibResNet | FrozenIResNet50 | None
    _centre: Tensor | None

    def __init__(
        self,
        network: DlibResNet | FrozenIResNet50,
        chip: Callable[[Tensor, Tensor], Tensor],
        chip_size: int,
        centre: Tensor | None = None,
    ) -> None:
        super().__init__()
        network.eval().requires_grad_(False).to(memory_format=torch.channels_last)
        # Past nn.Module's registration, see the class docstring.
        self.__dict__["_network"] = network
        self.__dict__["_cast"] = None
        self.__dict__["_centre"] = centre
        self._chip = chip
        self.chip_size = chip_size

    def _apply(self, fn: Any, recurse: bool = True) -> PerceptualNet:
        self._network._apply(fn)
        self.__dict__["_cast"] = None
        if self._centre is not None:
            self.__dict__["_centre"] = fn(self._centre)
        return super()._apply(fn, recurse)

    def chip(self, image: Tensor, landmarks: Tensor) -> Tensor:
        """Return the (B, 3, chip_size, chip_size) aligned chips; gradients reach the image, not the landmarks."""
        return self._chip(image, landmarks).contiguous(memory_format=torch.channels_last)

    def deep(self, image: Tensor, landmarks: Tensor) -> Tensor:
        """Return (B, D) unit embeddings, whose cosine says how alike two people are.

        Args:
            image: (B, 3, H, W) RGB in [0, 1].
            landmarks: (B, 68, 2) pixels of the faces in these images.
        """
        return self.of_chip(self.chip(image, landmarks))

    def of_chip(self, chip: Tensor) -> Tensor:
        """Return the (B, D) unit embeddings of chips that :meth:`chip` has cut."""
        embedding = self._network_for(chip)(chip)
        if self._centre is not None:
            embedding = embedding - self._centre
        return functional.normalize(embedding, dim=1)

    def shallow(self, image: Tensor, landmarks: Tensor) -> Tensor:
        """Return the (B, C, h, w) features of the first stage, of the same chips; see :meth:`deep`."""
        return self.shallow_of_chip(self.chip(image, landmarks))

    def shallow_of_chip(self, chip: Tensor) -> Tensor:
        """Return the first stage's features of chips that :meth:`chip` has cut."""
        return self._network_for(chip).shallow(chip)

    def _network_for(self, chip: Tensor) -> DlibResNet | FrozenIResNet50:
        """Return the network in the arithmetic of this place.

        Autocast keeps its half-precision copies of weights that are trained, but copies frozen ones in every call.
        """
        kind = chip.device.type
        if not (torch.amp.is_autocast_available(kind) and torch.is_autocast_enabled(kind)):
            return self._network
        dtype = torch.get_autocast_dtype(kind)
        if self._cast is None or next(self._cast.parameters()).dtype != dtype:
            # Made outside of inference mode, so that training can use what a prediction has left here.
            with torch.inference_mode(False):
                self.__dict__["_cast"] = copy.deepcopy(self._network).to(dtype)
        assert self._cast is not None
        return self._cast

    def forward(self, image: Tensor, landmarks: Tensor) -> Tensor:
        """Return the embeddings, see :meth:`deep`."""
        return self.deep(image, landmarks)


def load_perceptual_net(name_or_path: str) -> PerceptualNet | None:
    """Return the network that a setting names.

    Args:
        name_or_path: ``dlib`` (the weights come with the package face_recognition_models), the path of an ArcFace
            ``backbone.pth`` (iResNet-50 of insightface's arcface_torch), or ``none``, which returns ``None``.

    Raises:
        SeethroughError: weights that are missing or of another kind.
    """
    if name_or_path == "none":
        return None
    if name_or_path == "dlib":
        return PerceptualNet(load_dlib_resnet(), dlib_chip, CHIP_SIZE, torch.tensor(MEAN_DESCRIPTOR))
    return PerceptualNet(FrozenIResNet50(load_iresnet50(name_or_path)), arcface_chip, ARCFACE_SIZE)
