"""A bump map with a hole, checked."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy import ndimage
from torch import Tensor

from seethrough.details.filling.alignment import guiding_landmarks, visible_landmarks
from seethrough.errors import SeethroughError

LEAST_SEEN = 0.02
"""Of the face; with less in sight there is nothing that a reference could be blended into."""

Map = np.ndarray | Tensor


@dataclass(frozen=True)
class Holed:
    """A bump map with a hole, checked.

    Attributes:
        bump: (H, W) float32 mm.
        hole: (H, W) bool.
        face: (H, W) bool.
        landmarks: (68, 2) px.
        seen: (68,) bool, landmarks that are in sight.
    """

    bump: np.ndarray
    hole: np.ndarray
    face: np.ndarray
    landmarks: np.ndarray
    seen: np.ndarray

    @cached_property
    def guides(self) -> np.ndarray:
        """(68,) bool, landmarks that references are aligned by; see :func:`guiding_landmarks`."""
        return guiding_landmarks(self.landmarks, self.seen)

    @classmethod
    def of(cls, bump: Map, visible: Map, mask_face: Map, landmarks: Map, widen: float = 0.0) -> Holed:
        """Check what :func:`~seethrough.details.filling.hole_filling.fill_holes` is given; see there."""
        bump, face = _plane(bump, "bump map").astype(np.float32), _plane(mask_face, "mask of the face") > 0.5
        visible = _plane(visible, "mask of what is visible") > 0.5
        for name, mask in (("mask of the face", face), ("mask of what is visible", visible)):
            if mask.shape != bump.shape:
                raise SeethroughError(
                    f"the {name} is {mask.shape[1]} x {mask.shape[0]} px, the bump map {bump.shape[1]} x "
                    f"{bump.shape[0]}; give masks of the same crop"
                )
        points = _values(landmarks).astype(np.float64)
        if points.shape != (68, 2):
            raise ValueError(f"expected (68, 2) landmarks, got {points.shape}")
        if not np.isfinite(points).all():
            raise SeethroughError("the landmarks hold values that are not finite; detect the face again")
        if not face.any():
            raise SeethroughError("the mask of the face is empty, so there is nothing to fill")
        hole = face & ~visible
        if widen and hole.any():
            reach = max(1, round(widen * max(bump.shape)))
            hole = face & (ndimage.distance_transform_edt(~hole) <= reach)  # pyright: ignore
        held = face & ~hole
        if held.sum() < LEAST_SEEN * face.sum():
            raise SeethroughError(
                f"{held.sum() / face.sum():.1%} of the face are seen: the hole covers the face, and nothing is left to "
                "blend references into"
            )
        if not np.isfinite(bump[held]).all():
            raise SeethroughError("the bump map is not finite on the visible face")
        return cls(bump, hole, face, points, visible_landmarks(points, held, face))


def _values(values: Map) -> np.ndarray:
    return values.detach().cpu().numpy() if isinstance(values, Tensor) else np.asarray(values)


def _plane(values: Map, name: str) -> np.ndarray:
    plane = _values(values)
    plane = plane[0] if plane.ndim == 3 and len(plane) == 1 else plane
    if plane.ndim != 2:
        raise ValueError(f"expected an (H, W) or (1, H, W) {name}, got {plane.shape}")
    return plane
