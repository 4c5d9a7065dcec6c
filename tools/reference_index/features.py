"""Recognition features of faces: whom they show, whatever hides a part of them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch

from lightning_modules.checkpoint_hash import hash_of_weights
from seethrough.networks.perceptual import PerceptualNet, load_perceptual_net
from tools.reference_index.face_source import SourceFace

IDENTITY, NONE = "identity", "none"


class FeatureReader:
    """Gives features of faces.

    Args:
        name: ``dlib``, the path of an ArcFace ``backbone.pth``, ``identity`` for the identity coefficients of the face
            model, or ``none``.

    Attributes:
        name: of the network, without its folder.
        weights: hash of a file of weights, else empty.

    Raises:
        SeethroughError: weights that are missing or of another kind.
    """

    def __init__(self, name: str) -> None:
        self.name, self.weights = name, ""
        self._network: PerceptualNet | None = None
        if name not in (IDENTITY, NONE):
            self._network = load_perceptual_net(name)
        if Path(name).is_file():
            self.name, self.weights = Path(name).name, hash_of_weights(Path(name))

    @torch.no_grad()
    def __call__(self, faces: Sequence[SourceFace]) -> np.ndarray:
        """Return (N, D) float32; the same faces in the same batch always give the same bits."""
        if self._network is None:
            if self.name == NONE:
                return np.zeros((len(faces), 0), np.float32)
            return np.stack([face.coefficients for face in faces]).astype(np.float32)
        images = torch.from_numpy(np.stack([face.image for face in faces])).permute(0, 3, 1, 2).float() / 255
        landmarks = torch.from_numpy(np.stack([face.landmarks for face in faces]).astype(np.float32))
        return self._network.deep(images, landmarks).float().numpy()

    def size(self, identity_modes: int) -> int:
        """Return D, for a face model with so many identity modes."""
        if self.name == NONE:
            return 0
        if self._network is None:
            return identity_modes
        side = self._network.chip_size
        with torch.no_grad():
            return self._network.of_chip(torch.zeros(1, 3, side, side)).shape[1]
