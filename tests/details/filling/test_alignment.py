from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seethrough.details.bump_encoding import encode_bump
from seethrough.details.filling import Reference
from seethrough.details.filling.alignment import (
    Similarity,
    fit_similarity,
    guiding_landmarks,
    visible_landmarks,
    warp_reference,
)
from tests.details.filling.small_references import face_mask, points, small_set

WHOLE = (slice(0, 64), slice(0, 64))


def similarity(scale: float, angle: float, x: float = 0.0, y: float = 0.0) -> Similarity:
    c, s = scale * math.cos(angle), scale * math.sin(angle)
    return Similarity(np.array([[c, -s], [s, c]]), np.array([x, y]))


@given(st.floats(0.2, 5), st.floats(-3, 3), st.floats(-90, 90), st.floats(-90, 90))
@settings(max_examples=40, deadline=None)
def test_a_similarity_is_found_again_and_undone(scale: float, angle: float, x: float, y: float) -> None:
    true, source = similarity(scale, angle, x, y), points()
    found = fit_similarity(source, true(source))
    assert (found.scale, found.angle) == (pytest.approx(scale), pytest.approx(angle))
    assert np.allclose(found.shift, true.shift, atol=1e-8)
    assert np.allclose(found.inverse()(found(source)), source)


def test_the_best_similarity_of_a_mirrored_face_does_not_mirror() -> None:
    found = fit_similarity(points(), points() * [-1, 1])
    assert np.linalg.det(found.linear) > 0
    with pytest.raises(ValueError, match="coincide"):
        fit_similarity(np.ones((5, 2)), points()[:5])


def test_hidden_landmarks_have_no_say() -> None:
    face = face_mask()
    visible = face & (np.mgrid[:64, :64][1] < 40)
    landmarks = points()
    seen = visible_landmarks(landmarks, visible, face)
    assert np.array_equal(
        seen[np.abs(landmarks[:, 0] - 40) > 2], (landmarks[:, 0] < 40)[np.abs(landmarks[:, 0] - 40) > 2]
    )
    wrong = np.where(seen[:, None], landmarks, landmarks + 9)
    guides = guiding_landmarks(wrong, seen)
    assert np.array_equal(guides, seen)
    found = fit_similarity(points()[guides], wrong[guides])
    assert np.allclose(found.linear, np.eye(2))
    # too few in sight: all of them
    assert guiding_landmarks(wrong, np.arange(68) < 3).all()
    assert not visible_landmarks(np.full((68, 2), -50.0), visible, face).any()


def test_bumps_stay_in_millimetres_under_any_scale(tmp_path: Path) -> None:
    ramp = 0.05 * (np.mgrid[:64, :64][1] + 0.5)
    inside = np.ones((64, 64), bool)
    reference = Reference(0, "a", None, encode_bump(ramp), np.packbits(inside), points())
    for scale, shift in ((2.0, 0.0), (0.5, 10.0), (1.0, 0.5)):
        bump, covered = warp_reference(reference, similarity(scale, 0.0, shift, shift), WHOLE)
        x = (np.mgrid[:64, :64][1] + 0.5 - shift) / scale
        assert covered.any()
        assert np.abs(bump - 0.05 * x)[covered].max() < 3e-4
        box = (slice(20, 30), slice(15, 18))
        assert np.array_equal(warp_reference(reference, similarity(scale, 0.0, shift, shift), box)[0], bump[box])


def test_nothing_is_taken_from_beyond_a_reference_s_mask(tmp_path: Path) -> None:
    reference = small_set(tmp_path / "set", 2)[1]
    same, covered = warp_reference(reference, similarity(1.0, 0.0), WHOLE)
    assert np.array_equal(covered, face_mask())
    assert np.abs(same - reference.bump)[covered].max() < 1e-5
    half, covered = warp_reference(reference, similarity(1.0, 0.0, 0.5, 0.0), WHOLE)
    both = face_mask()[:, :-1] & face_mask()[:, 1:]
    assert np.array_equal(covered[:, 1:], both)
    mean = (reference.bump[:, 1:] + reference.bump[:, :-1]) / 2
    assert np.abs(half[:, 1:] - mean)[both].max() < 1e-4
