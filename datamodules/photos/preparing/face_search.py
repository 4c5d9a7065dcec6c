"""Which of the faces in a photo is the one that a data set means."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from seethrough.photos import DetectedFace, FaceDetector, choose_faces
from seethrough.photos.alignment import five_points
from seethrough.photos.detection import Box
from seethrough.photos.resampling import resample

SMALL_PHOTO = 200
"""Photos of fewer pixels are collections of tight crops; there a detector wants surroundings and more pixels."""
PADDING = 0.25
ENLARGEMENT = 2
FACE_SIDE = 300
"""Around a known box, a photo is searched at a size at which the box has at most this many pixels."""
LEAST_SHARED = 0.5
"""A found face whose box, or the given box, lies to a smaller part in the other is another face: boxes of data sets
are loose or tight, so their overlap itself says little."""
FARTHEST = 0.5
"""A found face whose five points are farther from the given ones than this share of their extent is another face."""


class FaceSearch:
    """Finds the face of one record.

    Args:
        detector: finds faces and their 68 landmarks.

    Attributes:
        several: there were other faces where the last one was found.
    """

    def __init__(self, detector: FaceDetector) -> None:
        self.detector = detector
        self.several = False

    def __call__(
        self, photo: np.ndarray, box: Box | None = None, points: np.ndarray | None = None
    ) -> DetectedFace | None:
        """Return the face, or None where there is none.

        Args:
            photo: (H, W, 3) uint8.
            box: left, top, right, bottom of the face as the data set says; the best overlap wins.
            points: (5, 2) eyes, nose tip and mouth corners as the data set says; the nearest face wins.

        Returns:
            With neither: the largest of the faces that the detector is sure of.
        """
        if points is not None:
            box = box or _around(points)
        region = None if box is None else _neighbourhood(box, photo)
        if box is None or region is None:
            return self._chosen(self._faces(photo), box, points)
        # Around the box first: quicker than the whole photo, and no other face can come between.
        left, top, right, bottom = region
        scale = min(1.0, FACE_SIDE / max(box[2] - box[0], box[3] - box[1]))
        rows, columns = max(1, round((bottom - top) * scale)), max(1, round((right - left) * scale))
        around = photo[top:bottom, left:right] if scale == 1 else _resized(photo, region, rows, columns)
        ratio = (columns / (right - left), rows / (bottom - top))
        near = [_moved(face, (left, top), ratio) for face in self._faces(around)]
        return self._chosen(near, box, points) or self._chosen(self._faces(photo), box, points)

    def guess(self, photo: np.ndarray, box: Box) -> DetectedFace | None:
        """Return landmarks within a box although no face is found there, with score 0.

        None if the detector cannot do that, or the box lies outside the photo.
        """
        within = getattr(self.detector, "landmarks_within", None)
        if within is None or _neighbourhood(box, photo) is None:
            return None
        return DetectedFace(within(photo, box), box, 0.0)

    def _faces(self, photo: np.ndarray) -> list[DetectedFace]:
        """Search a picture; of a small one, an enlarged copy whose border is carried on outside."""
        side = max(photo.shape[:2])
        if side >= SMALL_PHOTO:
            return self.detector.faces(photo)
        margin = round(PADDING * side)
        padded = np.pad(photo, ((margin, margin), (margin, margin), (0, 0)), mode="edge")
        height, width = padded.shape[:2]
        large = _resized(padded, (0, 0, width, height), ENLARGEMENT * height, ENLARGEMENT * width)
        return [_moved(face, (-margin, -margin), (ENLARGEMENT, ENLARGEMENT)) for face in self.detector.faces(large)]

    def _chosen(self, faces: list[DetectedFace], box: Box | None, points: np.ndarray | None) -> DetectedFace | None:
        self.several = len(faces) > 1
        if not faces:
            return None
        if points is not None:
            extent = float(np.linalg.norm(np.ptp(points, axis=0)))
            distances = [float(np.linalg.norm(five_points(face.landmarks) - points, axis=1).mean()) for face in faces]
            nearest = int(np.argmin(distances))
            return faces[nearest] if distances[nearest] <= FARTHEST * extent else None
        if box is not None:
            overlaps = [overlap(face.box, box) for face in faces]
            best = int(np.argmax(overlaps))
            return faces[best] if _shared(faces[best].box, box) >= LEAST_SHARED else None
        return choose_faces(faces)[0]


def overlap(one: Box, other: Box) -> float:
    """Return the area that two boxes share over the area that they cover together."""
    both = _intersection(one, other)
    together = _area(one) + _area(other) - both
    return both / together if together > 0 else 0.0


def _shared(one: Box, other: Box) -> float:
    """Return the part of the smaller box that lies in the larger one."""
    smaller = min(_area(one), _area(other))
    return _intersection(one, other) / smaller if smaller > 0 else 0.0


def _intersection(one: Box, other: Box) -> float:
    width = min(one[2], other[2]) - max(one[0], other[0])
    height = min(one[3], other[3]) - max(one[1], other[1])
    return max(width, 0.0) * max(height, 0.0)


def _area(box: Box) -> float:
    return max(box[2] - box[0], 0.0) * max(box[3] - box[1], 0.0)


def _around(points: np.ndarray) -> Box:
    """Return the box of a face from its five points: twice their extent, so that brows and chin are in it."""
    low, high = points.min(0), points.max(0)
    middle, half = (low + high) / 2, max(float((high - low).max()), 1.0)
    return (middle[0] - half, middle[1] - half, middle[0] + half, middle[1] + half)


def _neighbourhood(box: Box, photo: np.ndarray) -> tuple[int, int, int, int] | None:
    """Return the box grown by half its side, in whole pixels within the photo; None if that is next to nothing."""
    height, width = photo.shape[:2]
    if not np.isfinite(box).all():
        return None
    margin = 0.5 * max(box[2] - box[0], box[3] - box[1])
    left, top = max(int(box[0] - margin), 0), max(int(box[1] - margin), 0)
    right, bottom = min(int(box[2] + margin) + 1, width), min(int(box[3] + margin) + 1, height)
    return (left, top, right, bottom) if right - left >= 16 and bottom - top >= 16 else None


def _resized(photo: np.ndarray, box: Box, height: int, width: int) -> np.ndarray:
    return np.clip(np.rint(resample(photo, box, height, width)), 0, 255).astype(np.uint8)


def _moved(face: DetectedFace, corner: tuple[float, float], scale: tuple[float, float]) -> DetectedFace:
    """Bring a face from a picture whose pixel ``p`` is ``p / scale + corner`` of the photo into the photo."""
    (x, y), (sx, sy) = corner, scale
    left, top, right, bottom = face.box
    box = (left / sx + x, top / sy + y, right / sx + x, bottom / sy + y)
    return replace(face, landmarks=face.landmarks / scale + corner, box=box)
