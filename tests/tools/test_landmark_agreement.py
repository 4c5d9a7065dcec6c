"""The comparison of landmark vertices with a detector."""

from __future__ import annotations

import numpy as np
import pytest

from experiments.command_line import run
from seethrough.errors import SeethroughError
from seethrough.morphable import load_face_model
from seethrough.photos.detection import DetectedFace, load_detector
from seethrough.rendering.camera import focus_camera
from seethrough.rendering.face_renderer import FaceRenderer
from tools.face_model.command import main
from tools.face_model.landmark_agreement import (
    GROUPS,
    IMAGE_SIZE,
    Agreement,
    agreement_by_group,
    describe_agreement,
    landmark_agreement,
    random_people,
)


class KnowingDetector:
    """Sees each face but every third at its true landmarks, moved by one known offset."""

    def __init__(self, model, people, seed, offset):
        renderer = FaceRenderer(model, focus_camera(IMAGE_SIZE))
        batches = list(random_people(model, people, seed))
        self.true = [face for batch in batches for face in renderer.geometry(batch).landmarks.double().numpy()]
        self.offset, self.calls = np.array(offset), 0

    def faces(self, photo):
        """Return one face, or none for every third picture."""
        assert photo.shape == (IMAGE_SIZE, IMAGE_SIZE, 3) and photo.dtype == np.uint8
        self.calls += 1
        if self.calls % 3 == 0:
            return []
        return [DetectedFace(self.true[self.calls - 1] + self.offset, (0.0, 0.0, 9.0, 9.0), 1.0)]


@pytest.fixture(scope="module")
def coarse():
    return load_face_model("open", level=0)


def test_a_known_offset_is_found(coarse):
    agreement = landmark_agreement(coarse, KnowingDetector(coarse, 10, 4, (3.0, -4.0)), 10, seed=4)
    assert agreement.offsets.shape == (7, 68, 2) and agreement.people == 10
    assert np.allclose(agreement.offsets, [3, -4], atol=1e-3)
    for row in agreement_by_group(agreement).values():
        assert row == pytest.approx({"distance": 5.0, "bias": 5.0, "down": -4.0}, abs=1e-3)
    assert describe_agreement(agreement).startswith("7 of 10 rendered people detected")


def test_distance_is_a_mean_and_bias_a_median():
    offsets = np.zeros((3, 68, 2))
    offsets[2, list(GROUPS["brows"])] = [0.0, 9.0]
    table = agreement_by_group(Agreement(3, offsets))
    assert table["brows"] == {"distance": pytest.approx(3.0), "bias": 0.0, "down": 0.0}
    assert table["eyes"]["distance"] == 0.0 and table["all"]["distance"] == pytest.approx(30 / 68)


def test_groups_part_the_landmarks():
    assert sorted(k for group in GROUPS.values() for k in group) == list(range(68))


def test_no_face_at_all_is_one_line(coarse):
    class Blind:
        def faces(self, photo):
            return []

    with pytest.raises(SeethroughError, match="none of 1 pictures"):
        landmark_agreement(coarse, Blind(), 1)


def test_a_request_for_nobody_is_refused(capsys):
    with pytest.raises(SystemExit):
        run(main, ["landmarks", "open", "--people", "0"])
    assert "--people is 0" in capsys.readouterr().err


def test_landmarks_lie_where_dlib_sees_them(coarse):
    pytest.importorskip("dlib")
    table = agreement_by_group(landmark_agreement(coarse, load_detector("dlib"), 12))
    assert table["all"]["distance"] < 3.2
    for name in ("brows", "nose", "eyes"):
        assert table[name]["distance"] < 2.4, name
