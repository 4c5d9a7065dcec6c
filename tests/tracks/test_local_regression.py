"""Smoothing in time: what it keeps, what it removes, and what it does in gaps."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from seethrough.tracks import robust_mean, smoothed, smoothed_rotations

TIME = np.linspace(0, 1, 60)


def test_parabolas_stay_as_they_are() -> None:
    values = np.stack([3 + 2 * TIME - 5 * TIME**2, TIME], axis=1)
    np.testing.assert_allclose(smoothed(values, np.ones(60), 2.5), values, atol=0.01)


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 2**31), bandwidth=st.floats(1.5, 4))
def test_jitter_goes_and_motion_stays(seed: int, bandwidth: float) -> None:
    true = np.sin(2 * np.pi * TIME)[:, None] * [1.0, 100.0]
    noise = np.random.default_rng(seed).normal(0, [0.05, 5.0], (60, 2))
    found = smoothed(true + noise, np.ones(60), bandwidth)
    for column in range(2):
        before, after = noise[:, column], found[:, column] - true[:, column]
        assert np.sqrt((after**2).mean()) < 0.85 * np.sqrt((before**2).mean())
        assert np.abs(np.diff(after, 2)).mean() < 0.35 * np.abs(np.diff(before, 2)).mean()


def test_neither_lag_nor_direction_of_time() -> None:
    values = np.random.default_rng(0).normal(size=(60, 1)) + 10 * TIME[:, None]
    forth = smoothed(values, np.ones(60), 2.0)
    np.testing.assert_allclose(smoothed(values[::-1], np.ones(60), 2.0)[::-1], forth, atol=1e-9)


def test_gaps_are_bridged_whatever_they_hold_and_outliers_do_not_bend() -> None:
    values, weights = 4 * TIME[:, None].copy(), np.ones(60)
    values[20:25], weights[20:25] = np.nan, 0
    values[40] = 50.0
    found = smoothed(values, weights, 2.5)
    np.testing.assert_allclose(found[:, 0], 4 * TIME, atol=0.02)
    bridged = smoothed(values, weights, 0)
    np.testing.assert_allclose(bridged[18:27, 0], 4 * TIME[18:27], atol=1e-9)
    assert bridged[40, 0] == 50.0
    with pytest.raises(ValueError, match="no frame"):
        smoothed(values, np.zeros(60), 2.0)


def test_rotations_stay_rotations_across_half_a_turn() -> None:
    true = Rotation.from_euler("y", np.linspace(-80, 80, 60)[:, None], degrees=True)
    noise = Rotation.from_rotvec(np.random.default_rng(1).normal(0, 0.03, (60, 3)))
    found = smoothed_rotations((true * noise).as_matrix(), np.ones(60), 2.5)
    np.testing.assert_allclose(found @ found.transpose(0, 2, 1), np.tile(np.eye(3), (60, 1, 1)), atol=1e-9)
    left = (true.inv() * Rotation.from_matrix(found)).magnitude()
    assert left.mean() < 0.6 * noise.magnitude().mean()


def test_the_mean_of_what_is_shared_passes_over_outliers_and_what_is_not_seen() -> None:
    values = np.random.default_rng(2).normal(1.0, 0.1, (30, 4))
    values[3] = 40.0
    values[7] = np.nan
    weights = np.ones(30)
    weights[7] = 0
    np.testing.assert_allclose(robust_mean(values, weights), 1.0, atol=0.1)
    assert robust_mean(np.array([[1.0], [3.0]]), np.array([1.0, 1.0]))[0] == pytest.approx(2.0)
