"""The files of the challenge scored from end to end, against what the official tool gave for them."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
import pytest

from datamodules.now.challenge import challenge_images
from datamodules.now.scoring import Protocol, score_all
from tests.metrics.face_scans import Prediction, landmarks, mesh_of, surface
from tests.metrics.test_scan_to_mesh import OFFICIAL
from tests.tools.test_now_score import write_obj, write_points

SECONDS_EACH = 0.3
pytestmark = pytest.mark.slow  # the fast tier has the same pairs in memory


@pytest.fixture(scope="module")
def challenge(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, tuple[float, float, float, int]]]:
    """A data set with a person for each pair, and the official median, mean, deviation and number of points."""
    root = tmp_path_factory.mktemp("now")
    expected = {}
    for number, (person, prediction, official) in enumerate(OFFICIAL.values()):
        assert isinstance(prediction, Prediction)
        subject, name = f"SUBJECT_{number}", f"SUBJECT_{number}/multiview_neutral/IMG_{number}"
        write_obj(root / f"scans/{subject}/scan.obj", *surface(151, 181, person))
        write_points(root / f"scans_lmks_onlypp/{subject}/scan_picked_points.pp", landmarks(person))
        vertices, triangles, marks = mesh_of(prediction)
        write_obj(root / f"predictions/{name}.obj", vertices, triangles)
        np.save(root / f"predictions/{name}.npy", marks)
        expected[f"{name}.jpg"] = official
    (root / "imagepathsvalidation.txt").write_text("\n".join(expected) + "\n")
    return root, expected


def test_three_pairs_with_official_answers(challenge) -> None:
    root, expected = challenge
    scores = score_all(root, root / "predictions", challenge_images(root), Protocol(), jobs=1)
    assert not scores.missing
    for image, (median, mean, deviation, points) in expected.items():
        distances = scores.distances[image]
        assert len(distances) == points
        found = (np.median(distances), distances.mean(), distances.std())
        assert found == pytest.approx((median, mean, deviation), abs=1e-3), image


def test_a_scan_takes_less_than_a_third_of_a_second(challenge) -> None:
    root, expected = challenge
    images = challenge_images(root)
    score_all(root, root / "predictions", images[:1], Protocol(), jobs=1)  # compiles
    # Time of this process, and the best of three: what else the machine does should not count.
    seconds = []
    for _ in range(3):
        begin = time.process_time()
        score_all(root, root / "predictions", images, Protocol(), jobs=1)
        seconds.append(time.process_time() - begin)
    assert min(seconds) < SECONDS_EACH * len(expected)
