"""What a reference set is made of: faces with bump maps, from whatever they were read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from seethrough.details.filling import Viewpoint
from seethrough.morphable import FaceModel


@dataclass(frozen=True)
class SourceFace:
    """One face of a source.

    Attributes:
        id: its name.
        identity: name of the person; None where it is not known.
        image: (S, S, 3) uint8 RGB, the detail crop.
        bump: (S, S) mm towards the camera.
        mask: (S, S) bool, where the bump says something.
        landmarks: (68, 2) px.
        viewpoint: from where it is seen.
        coefficients: (I,) identity coefficients of the face model, true or estimated.
    """

    id: str
    identity: str | None
    image: np.ndarray
    bump: np.ndarray
    mask: np.ndarray
    landmarks: np.ndarray
    viewpoint: Viewpoint
    coefficients: np.ndarray


@dataclass(frozen=True)
class UnfitFace:
    """A face that is no reference, and why."""

    id: str
    reason: str


class FaceSource(Protocol):
    """Faces in an order that is always the same.

    Attributes:
        model: the face model of their foundations.
        crop_size: height and width of their crops, px.
        settings: what decides which faces there are and what is said of them.
    """

    model: FaceModel
    crop_size: int
    settings: dict[str, Any]

    def __len__(self) -> int:
        """Return how many faces there are, fit or not."""
        ...

    def faces(self, places: Sequence[int]) -> list[SourceFace | UnfitFace]:
        """Return some of them."""
        ...
