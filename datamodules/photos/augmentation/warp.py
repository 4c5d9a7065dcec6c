"""Where the pixels, landmarks and camera of a sample come from: one similarity, perhaps mirrored."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from datamodules.photos.augmentation.config import AugmentationConfig
from datamodules.photos.augmentation.landmark_symmetry import MIRRORED

REFERENCE_SIZE = 224
"""Side, px, of the crop in whose pixels shifts are given."""


@dataclass(frozen=True)
class Warp:
    """How the content of an aligned crop moves: mirrored, scaled and turned about its middle, then shifted.

    Attributes:
        shift: (x, y) px of a 224-px crop, to the right and down.
        scale: above 1 the face grows.
        rotation: rad, clockwise as seen.
        flip: left and right are exchanged, before all else.
    """

    shift: tuple[float, float] = (0.0, 0.0)
    scale: float = 1.0
    rotation: float = 0.0
    flip: bool = False

    def matrix(self, size: int) -> np.ndarray:
        """Return (3, 3) float64 that takes pixels (x, y, 1) of the aligned ``size`` crop to pixels of the sample.

        It acts on the picture plane, so a camera follows it: with intrinsics K of the aligned crop, those of the sample
        are ``matrix @ K``, and what a pose in the aligned crop projects to is where the sample shows it.
        """
        cosine, sine = self.scale * math.cos(self.rotation), self.scale * math.sin(self.rotation)
        mirror = -1.0 if self.flip else 1.0
        linear = np.array([[cosine * mirror, -sine], [sine * mirror, cosine]])
        centre = np.full(2, size / 2)
        result = np.eye(3)
        result[:2, :2] = linear
        result[:2, 2] = centre + np.array(self.shift) * (size / REFERENCE_SIZE) - linear @ centre
        return result

    def from_stored(self, side: int, field: float, size: int) -> np.ndarray:
        """Return (3, 3) float64 that takes pixels of the stored crop to pixels of the sample.

        Args:
            side: pixels of the stored crop.
            field: how much wider the stored crop sees than the aligned crop, a factor.
            size: pixels of the sample.
        """
        zoom = field * size / side
        stored = np.diag([zoom, zoom, 1.0])
        stored[:2, 2] = size / 2 - zoom * side / 2
        return self.matrix(size) @ stored

    def landmarks(self, points: np.ndarray, side: int, field: float, size: int) -> np.ndarray:
        """Take (68, 2) landmarks of the stored crop to pixels of the sample, in iBUG order also when mirrored."""
        matrix = self.from_stored(side, field, size)
        moved = np.asarray(points, dtype=np.float64) @ matrix[:2, :2].T + matrix[:2, 2]
        return moved[MIRRORED] if self.flip else moved


IDENTITY = Warp()


def draw_warp(config: AugmentationConfig, random: np.random.Generator) -> Warp:
    """Draw a warp; all its numbers are uniform and are drawn whether they are used or not.

    So a setting that is switched on leaves the others of every sample as they were.
    """
    x, y, scale, rotation, flip = random.random(5)
    return Warp(
        shift=(config.shift * (2 * x - 1), config.shift * (2 * y - 1)),
        scale=1 + config.scale * (2 * scale - 1),
        rotation=math.radians(config.rotation) * (2 * rotation - 1),
        flip=bool(flip < config.flip),
    )
