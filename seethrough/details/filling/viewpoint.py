"""From where a face is seen: rotation and place, in one camera for all faces."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch

from seethrough.errors import SeethroughError
from seethrough.morphable.parameters import FaceParameters
from seethrough.photos.alignment import REFERENCE_SIZE, align
from seethrough.rendering.camera import FOCUS_FOCAL_PER_PIXEL, REST_DISTANCE, rotation_matrix


@dataclass(frozen=True)
class Viewpoint:
    """Six degrees of freedom, as FOCUS' camera sees the face in FOCUS' crop (:func:`seethrough.photos.align`).

    Attributes:
        rotation: (3,) angles about x, y, z in radians (:func:`seethrough.rendering.camera.rotation_matrix`).
        translation: (3,) mm, camera frame, added to the resting place (0, 0, 1000).
    """

    rotation: np.ndarray
    translation: np.ndarray

    def __post_init__(self) -> None:
        """Refuse what is no viewpoint."""
        for name in ("rotation", "translation"):
            value = np.asarray(getattr(self, name), dtype=np.float64)
            if value.shape != (3,):
                raise ValueError(f"{name} of a viewpoint has shape (3,), got {value.shape}")
            if not np.isfinite(value).all():
                raise SeethroughError(f"the {name} of the face is not finite; its coefficients have diverged")
            object.__setattr__(self, name, value)

    @classmethod
    def of(cls, parameters: FaceParameters, place: int = 0) -> Viewpoint:
        """Return the viewpoint of one face of a batch that was fitted in FOCUS' crop."""
        rotation, translation = (
            value[place].detach().double().cpu().numpy() for value in (parameters.rotation, parameters.translation)
        )
        return cls(rotation, translation)


def rotation_matrices(angles: np.ndarray) -> np.ndarray:
    """Turn (N, 3) angles into (N, 3, 3) float64 rotations from the model to the camera frame."""
    return rotation_matrix(torch.from_numpy(np.ascontiguousarray(angles, dtype=np.float64))).numpy()


def viewpoint_in_focus_crop(
    rotation: np.ndarray, translation: np.ndarray, focal: float, landmarks: np.ndarray, size: int
) -> Viewpoint:
    """Say of a face seen by another camera where FOCUS' camera would see it as large and in the same place.

    The camera's picture need not be FOCUS' crop and its focal length need not be FOCUS'; a longer one shows the same
    face from farther away.

    Args:
        rotation: (3,) rad.
        translation: (3,) mm, added to the resting place.
        focal: px, of the camera whose axis meets the middle of the picture.
        landmarks: (68, 2) px in that picture; they place FOCUS' crop.
        size: width and height of the picture, px.
    """
    crop = align(landmarks, size=REFERENCE_SIZE)
    wanted = FOCUS_FOCAL_PER_PIXEL * REFERENCE_SIZE / crop.scale  # its focal length in px of this picture
    resting = np.array([0.0, 0.0, REST_DISTANCE])
    place = np.asarray(translation, dtype=np.float64) + resting
    seen = place[:2] / place[2] * focal + size / 2
    depth = place[2] * wanted / focal
    moved = np.array([*((seen - crop.centre) * depth / wanted), depth])
    return Viewpoint(np.asarray(rotation, dtype=np.float64), moved - resting)
