from __future__ import annotations

import time

import numpy as np
import pytest

from datamodules.synthetic.config import SceneConfig
from datamodules.synthetic.generator import SceneRenderer
from seethrough.morphable.open_model import load_open_model
from seethrough.photos import hidden_face_search
from seethrough.photos.dlib_detector import DlibDetector
from seethrough.photos.hidden_face_search import hidden_face_boxes

FACES = 16


def mean_distance(one: np.ndarray, other: np.ndarray) -> float:
    return float(np.linalg.norm(one - other, axis=1).mean())


@pytest.fixture
def scarfed(astronaut: np.ndarray) -> np.ndarray:
    """Head and shoulders with a scarf over mouth and nose."""
    photo = astronaut.copy()
    photo[130:190, 165:285] = (200, 120, 90)
    return photo[:260, 95:355]


def test_a_face_behind_a_scarf_is_found(scarfed, astronaut_face):
    assert DlibDetector(hidden_faces=False).faces(scarfed) == []
    (face,) = DlibDetector().faces(scarfed)
    assert face.score > 0.5
    true = astronaut_face.landmarks - (95, 0)
    assert mean_distance(face.landmarks[36:48], true[36:48]) < 4  # of the eyes, 45 pixels apart
    assert mean_distance(face.landmarks, true) < 9


def test_boxes_lie_in_pixels_of_the_photo_whatever_the_size_of_the_search(scarfed):
    (coarse, _), (fine, _) = hidden_face_boxes(scarfed, (260,))[0], hidden_face_boxes(scarfed, (400,))[0]
    np.testing.assert_allclose(coarse, fine, atol=12)


def test_without_the_network_nothing_more_is_found(scarfed, monkeypatch):
    monkeypatch.setattr(hidden_face_search, "_load_network", lambda: None)
    assert DlibDetector().faces(scarfed) == []


@pytest.mark.slow
def test_of_faces_behind_cloth_and_hands_the_second_detector_finds_most():
    model = load_open_model(0)
    plain, second = DlibDetector(hidden_faces=False), DlibDetector()
    found = {"plain": 0, "second": 0}
    errors, seconds = [], []
    for family in ("cloth", "hand"):
        config = SceneConfig(image_size=224, pose="aligned", occluded_fraction=1.0, occluders={family: 1.0})
        renderer = SceneRenderer(model, config, 5)
        for number in range(FACES):
            picture = renderer.render(renderer.scenes.scene(number, 0))
            photo = np.pad(picture.image.transpose(1, 2, 0), ((50, 50), (50, 50), (0, 0)), mode="edge")
            open_faces = plain.faces(photo)
            found["plain"] += bool(open_faces)
            start = time.process_time()
            faces = second.faces(photo)
            if not open_faces:
                seconds.append(time.process_time() - start)
            if faces:
                found["second"] += 1
                errors.append(mean_distance(faces[0].landmarks, picture.true_landmarks + 50))
    print(f"of {2 * FACES}: {found}, landmarks within {np.median(errors):.1f} px of 224 in the median")
    print(f"CPU seconds of a photo in which the first finds none: {min(seconds):.2f} to {max(seconds):.2f}")
    assert found["second"] >= found["plain"] + 6
    assert found["second"] >= FACES  # half of them
    assert np.median(errors) < 12
