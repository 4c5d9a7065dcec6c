"""One face of one photo, reconstructed: what the stages after the fit and all that is written start from."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from experiments.reconstruction.estimator import FaceEstimate
from seethrough.errors import SeethroughError
from seethrough.photos import CropTransform, DetectedFace


@dataclass(frozen=True)
class Reconstruction:
    """One face of one photo, reconstructed.

    Attributes:
        path: the photo's file.
        photo: (H, W, 3) uint8.
        face: what the detector said.
        crop: the crop of 224 px.
        estimate: parameters and mask.
        fitted: (68, 2) landmarks of the reconstruction, crop px.
        covered: (224, 224) 1 where the reconstruction covers the crop.
    """

    path: Path
    photo: np.ndarray
    face: DetectedFace
    crop: CropTransform
    estimate: FaceEstimate
    fitted: np.ndarray
    covered: np.ndarray

    @property
    def distances(self) -> np.ndarray:
        """(68,) px at 224 between detected and fitted landmarks."""
        return np.linalg.norm(self.fitted - self.crop.to_crop(self.face.landmarks), axis=1)

    @property
    def landmark_error(self) -> float:
        """Mean distance over the 68 landmarks, px at 224."""
        return float(self.distances.mean())

    @property
    def visible(self) -> np.ndarray:
        """(224, 224) visible face in [0, 1]; all that is covered where nothing told of occluders."""
        mask = self.estimate.mask
        return self.covered if mask is None else self.covered * mask[0, 0].numpy()

    @property
    def occluded_fraction(self) -> float | None:
        """Share of the rendered face that something hides; None where nothing told of it."""
        if self.estimate.mask is None or not self.covered.any():
            return None
        return float(1 - self.visible.sum() / self.covered.sum())

    def refuse_diverged(self) -> None:
        """Raise where a number of the result is not finite: its meshes would be broken, and JSON knows no NaN."""
        numbers = {"landmark error": self.landmark_error, "occluded fraction": self.occluded_fraction}
        for name, value in numbers.items():
            if value is not None and not math.isfinite(value):
                raise SeethroughError(f"the reconstruction diverged, its {name} is not finite; try --refine 0")
