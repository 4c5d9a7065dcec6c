"""Finding faces and their 68 landmarks in a photo."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from seethrough.errors import SeethroughError

DETECTORS = ("dlib", "insightface")
MINIMUM_SIDE = 32
Box = tuple[float, float, float, float]


@dataclass(frozen=True)
class DetectedFace:
    """One face in a photo.

    Attributes:
        landmarks: (68, 2) float64, iBUG order, photo pixels, half-integer pixel centres.
        box: left, top, right, bottom, photo pixels.
        score: the detector's own confidence; higher is surer.
    """

    landmarks: np.ndarray
    box: Box
    score: float

    @property
    def area(self) -> float:
        """Area of the box in square pixels."""
        left, top, right, bottom = self.box
        return max(right - left, 0.0) * max(bottom - top, 0.0)


class FaceDetector(Protocol):
    """Anything that finds faces."""

    def faces(self, photo: np.ndarray) -> list[DetectedFace]:
        """Return the faces of an (H, W, 3) uint8 photo, surest first."""
        ...


def load_detector(name: str = "dlib") -> FaceDetector:
    """Return the detector of that name, one of ``DETECTORS``.

    Raises:
        SeethroughError: an unknown name, or a detector that is not installed here.
    """
    if name == "dlib":
        from seethrough.photos.dlib_detector import DlibDetector

        return DlibDetector()
    if name == "insightface":
        from seethrough.photos.insightface_detector import InsightFaceDetector

        return InsightFaceDetector()
    raise SeethroughError(f"unknown face detector '{name}'; choose from {', '.join(DETECTORS)}")


def choose_faces(faces: list[DetectedFace], which: str = "largest") -> list[DetectedFace]:
    """Pick faces: ``all``, or the ``largest`` of those that the detector is nearly as sure of as of its best one.

    A box with less than half of the best score does not compete for the largest: false boxes are often large.
    """
    if which == "all" or not faces:
        return list(faces)
    if which != "largest":
        raise SeethroughError(f"unknown choice of faces '{which}'; choose from largest, all")
    best = max(face.score for face in faces)
    sure = [face for face in faces if face.score >= 0.5 * best]
    return [max(sure, key=lambda face: face.area)]
