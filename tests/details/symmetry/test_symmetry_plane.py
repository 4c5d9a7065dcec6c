from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from seethrough.details.symmetry.symmetry_plane import MIRROR, RigidMotion, centred_on_pairs, half_motion, rigid_fit

TURN = st.tuples(*[st.floats(-0.6, 0.6)] * 3)
SHIFT = st.tuples(*[st.floats(-30, 30)] * 3)


def symmetric_cloud(seed: int, count: int = 12) -> tuple[np.ndarray, np.ndarray]:
    """Return points that are symmetric about x = 0, the last two on it, and who is whose partner."""
    right = np.random.default_rng(seed).normal(0, 40, (count, 3))
    middle = right[:2] * [0, 1, 1]
    partner = np.r_[np.arange(count) + count, np.arange(count), 2 * count + np.arange(2)]
    return np.concatenate([right, right * MIRROR, middle]), partner


@settings(max_examples=40, deadline=None)
@given(TURN, SHIFT, st.integers(0, 99))
def test_a_moved_symmetric_face_is_made_symmetric_again(turn, shift, seed) -> None:
    points, partner = symmetric_cloud(seed)
    moved = RigidMotion(Rotation.from_rotvec(turn).as_matrix(), np.array(shift))(points)
    centred = centred_on_pairs(moved, partner, np.ones(len(points), bool))
    found = centred(moved)
    np.testing.assert_allclose(found[partner] * MIRROR, found, atol=1e-8)
    np.testing.assert_allclose(centred.back(found), moved, atol=1e-9)


def test_half_of_a_turn_and_of_a_shift() -> None:
    quarter = Rotation.from_euler("y", 90, degrees=True).as_matrix()
    half = half_motion(RigidMotion(quarter, np.zeros(3)))
    np.testing.assert_allclose(half.rotation, Rotation.from_euler("y", 45, degrees=True).as_matrix(), atol=1e-12)
    np.testing.assert_allclose(half_motion(RigidMotion(np.eye(3), np.array([6.0, 0, 0]))).translation, [3, 0, 0])


@settings(max_examples=20, deadline=None)
@given(TURN, SHIFT, st.integers(0, 99))
def test_fit_finds_the_motion_and_never_reflects(turn, shift, seed) -> None:
    points = symmetric_cloud(seed)[0]
    motion = RigidMotion(Rotation.from_rotvec(turn).as_matrix(), np.array(shift))
    found = rigid_fit(points, motion(points))
    np.testing.assert_allclose(found.rotation, motion.rotation, atol=1e-9)
    np.testing.assert_allclose(found.translation, motion.translation, atol=1e-7)
    assert np.linalg.det(rigid_fit(points[:8], points[:8] * MIRROR).rotation) > 0
    twice = motion.after(motion)
    np.testing.assert_allclose(twice(points), motion(motion(points)), atol=1e-9)
