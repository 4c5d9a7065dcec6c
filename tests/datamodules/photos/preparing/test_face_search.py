from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from datamodules.photos.manifest import ManifestRow
from datamodules.photos.preparing.face_search import FaceSearch, overlap
from datamodules.photos.preparing.settings import PreparationSettings
from datamodules.photos.preparing.stored_face import FaceStore, SkippedPhoto, stored_crop
from datamodules.photos.record import PhotoRecord
from seethrough.photos import CropTransform, DetectedFace, align, load_detector
from seethrough.photos.alignment import five_points
from tests.datamodules.photos.preparing.small_photos import landmarks

MARK = 20  # half the side of a face of the made pictures


class MarkDetector:
    """Finds white squares, at least 8 px apart, as faces; the redder a square, the less sure."""

    def __init__(self) -> None:
        self.seen: list[tuple[int, int]] = []

    def faces(self, photo: np.ndarray) -> list[DetectedFace]:
        from scipy.ndimage import find_objects, label

        self.seen.append(photo.shape[:2])
        found = []
        for rows, columns in find_objects(label(photo[:, :, 0] > 128)[0]):
            box = (columns.start, rows.start, columns.stop, rows.stop)
            size = (box[2] - box[0]) / 48
            points = landmarks() * size + (box[0], box[1])
            found.append(DetectedFace(points, box, float(photo[rows, columns, 1].mean() / 255)))
        return sorted(found, key=lambda face: -face.score)


def picture(*squares: tuple[int, int, int, int], side: int = 600) -> np.ndarray:
    """Return a black picture with white squares: centre x, y, half the side, strength of green."""
    photo = np.zeros((side, side, 3), dtype=np.uint8)
    for x, y, half, green in squares:
        photo[y - half : y + half, x - half : x + half] = (255, green, 255)
    return photo


def centre(face: DetectedFace | None) -> tuple[float, float]:
    assert face is not None
    return ((face.box[0] + face.box[2]) / 2, (face.box[1] + face.box[3]) / 2)


PEOPLE = picture((100, 100, 40, 255), (300, 120, 60, 255), (480, 480, 90, 60))


def test_largest_sure_face_where_nothing_is_said() -> None:
    assert centre(FaceSearch(MarkDetector())(PEOPLE)) == pytest.approx((300, 120), abs=1)
    search = FaceSearch(MarkDetector())
    assert search(PEOPLE) is not None and search.several
    assert search(picture()) is None and not search.several


@pytest.mark.parametrize(("x", "y", "half"), [(100, 100, 40), (300, 120, 60), (480, 480, 90)])
@pytest.mark.parametrize("looseness", [0.7, 1.0, 1.6])
def test_box_of_the_data_set_chooses(x: int, y: int, half: int, looseness: float) -> None:
    reach = half * looseness
    box = (x - reach + 5, y - reach, x + reach, y + reach + 5)
    assert centre(FaceSearch(MarkDetector())(PEOPLE, box)) == pytest.approx((x, y), abs=1.5)


def test_box_without_a_face_in_it_finds_none() -> None:
    assert FaceSearch(MarkDetector())(PEOPLE, (20, 400, 120, 500)) is None


def test_box_that_leaves_the_photo_or_lies_beside_it() -> None:
    photo = picture((30, 30, 28, 255), (300, 300, 60, 255))
    assert centre(FaceSearch(MarkDetector())(photo, (-30, -30, 60, 60))) == pytest.approx((30, 30), abs=1)
    assert FaceSearch(MarkDetector())(photo, (700, 700, 800, 800)) is None


def test_large_photo_with_a_box_is_searched_around_it_and_reduced() -> None:
    detector = MarkDetector()
    photo = picture((1000, 900, 450, 255), side=2000)
    face = FaceSearch(detector)(photo, (560, 460, 1440, 1340))
    assert centre(face) == pytest.approx((1000, 900), abs=4)
    assert max(detector.seen[0]) <= 620, "300 px for the box, and as much again around it"


def test_five_points_choose_the_nearest_face() -> None:
    others = FaceSearch(MarkDetector()).detector.faces(PEOPLE)
    small = next(face for face in others if face.box[0] < 100)
    given = five_points(small.landmarks) + 1.5
    assert centre(FaceSearch(MarkDetector())(PEOPLE, None, given)) == pytest.approx((100, 100), abs=1.5)
    assert FaceSearch(MarkDetector())(PEOPLE, None, given + np.array([0, 300])) is None


def test_small_photo_is_padded_and_enlarged_and_the_face_comes_back_to_scale() -> None:
    detector = MarkDetector()
    face = FaceSearch(detector)(picture((50, 60, 30, 255), side=112))
    assert detector.seen == [(2 * (112 + 2 * 28),) * 2]
    assert face is not None
    assert face.box == pytest.approx((20, 30, 80, 90), abs=1)
    np.testing.assert_allclose(five_points(face.landmarks), five_points(landmarks() * 60 / 48 + (20, 30)), atol=1)


def test_hidden_face_with_a_crop_of_its_own_is_read_in_the_box_of_the_data_set(tmp_path: Path) -> None:
    import skimage.data

    photo = skimage.data.astronaut()
    detector = load_detector("dlib")
    seen = FaceSearch(detector)(photo, (160, 60, 290, 200))
    assert seen is not None

    class Blind:
        landmarks_within = detector.landmarks_within  # type: ignore[attr-defined]

        def faces(self, photo: np.ndarray) -> list[DetectedFace]:
            return []

    @dataclass(frozen=True)
    class Astronaut:
        name: str = "astronaut"

        def read(self) -> np.ndarray:
            return photo

    low, high = seen.landmarks.min(0), seen.landmarks.max(0)
    box = (low[0] - 4, low[1] - 12, high[0] + 4, high[1] + 4)
    own_crop = CropTransform(1.0, (225.0, 130.0), 224)
    store = FaceStore(tmp_path, PreparationSettings(), Blind)
    row = store(PhotoRecord("face", Astronaut(), box=box, crop=own_crop))
    assert isinstance(row, ManifestRow)
    assert (row.detected, row.score) == (True, 0.0)
    in_photo = (row.landmarks - 128) / row.scale + row.centre
    eyes = np.linalg.norm(seen.landmarks[36] - seen.landmarks[45])
    assert np.linalg.norm(in_photo - seen.landmarks, axis=1).mean() < 0.05 * eyes
    assert row.centre == (225.0, 130.0)
    skipped = store(PhotoRecord("face", Astronaut(), box=box))
    assert isinstance(skipped, SkippedPhoto), "a photo without a crop of its own needs a face"
    assert skipped.reason == "astronaut: the detector dlib finds no face at the place that the data set gives"


def test_overlap() -> None:
    assert overlap((0, 0, 2, 2), (1, 0, 3, 2)) == pytest.approx(1 / 3)
    assert overlap((0, 0, 1, 1), (2, 2, 3, 3)) == 0
    assert overlap((0, 0, 0, 0), (0, 0, 0, 0)) == 0


def test_tight_crop_of_a_real_face_gets_the_landmarks_of_the_whole_photo() -> None:
    import skimage.data

    photo = skimage.data.astronaut()
    search = FaceSearch(load_detector("dlib"))
    whole = search(photo, (160, 60, 290, 200))
    assert whole is not None
    crop = stored_crop(align(whole.landmarks), PreparationSettings(side=112, field=1.0))
    left, top, right, bottom = (round(value) for value in crop.box)
    small = Image.fromarray(photo[top:bottom, left:right]).resize((112, 112), Image.Resampling.LANCZOS)
    found = search(np.asarray(small))
    assert found is not None
    back = found.landmarks * ((right - left) / 112, (bottom - top) / 112) + (left, top)
    assert np.linalg.norm(back - whole.landmarks, axis=1).mean() < 0.02 * (right - left)
