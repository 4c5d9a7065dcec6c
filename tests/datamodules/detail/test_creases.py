"""Creases: their profile, their strength at any resolution, and the order of their random numbers."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from datamodules.detail.chart import Chart
from datamodules.detail.creases import Crease, line, press

CORNERS = np.array([[-20.0, -20.0], [20.0, 20.0]])


def pressed(crease: Crease, texel: float) -> tuple[np.ndarray, Chart]:
    chart = Chart.over(CORNERS, texel)
    relief = chart.empty()
    press(relief, [crease], chart)
    return relief, chart


def straight(depth: float = 0.5, width: float = 1.0, **more: float) -> Crease:
    points = np.stack([np.linspace(-18, 18, 25), np.zeros(25)], 1)
    return Crease(points, np.full(25, depth), width, **more)


def across(relief: np.ndarray, chart: Chart) -> tuple[np.ndarray, np.ndarray]:
    """Height over the middle of a horizontal crease, and where it was read."""
    x, y = chart.axes()
    return relief[:, int(np.argmin(np.abs(x[0])))], y[:, 0]


def test_the_valley_is_as_deep_as_asked_and_its_banks_are_raised() -> None:
    height, y = across(*pressed(straight(), 0.1))
    assert height.min() == pytest.approx(-0.5, abs=0.02)
    assert abs(y[height.argmin()]) <= 0.1
    assert 0.02 < height.max() < 0.18 * 0.5
    assert 2 < abs(y[height.argmax()]) < 5
    assert abs(height[np.abs(y) > 6]).max() < 1e-3


def test_the_bottom_is_sharper_than_the_banks() -> None:
    height, y = across(*pressed(straight(ridge=0.0), 0.05))
    bend = np.gradient(np.gradient(height, y), y)
    assert bend.max() > 5 * abs(bend.min())


@given(st.floats(0.3, 1.2), st.floats(0.4, 1.0))
@settings(max_examples=20, deadline=None)
def test_a_coarse_chart_sees_the_volume_of_the_fine_one(width: float, texel: float) -> None:
    fine, coarse = (across(*pressed(straight(width=width, ridge=0.0), step)) for step in (0.1, texel))
    volumes = [height.sum() * (y[1] - y[0]) for height, y in (fine, coarse)]
    assert volumes[1] == pytest.approx(volumes[0], rel=0.15)
    assert coarse[0].min() >= fine[0].min() - 0.01


def test_the_fold_hangs_over_the_left_side() -> None:
    height, y = across(*pressed(straight(0.1, fold=1.0, drape=5.0), 0.2))
    assert y[height.argmax()] == pytest.approx(5.0, abs=0.6)
    assert height.max() == pytest.approx(1.0, abs=0.05)
    assert height[np.abs(y + 5) < 0.3].max() < -0.2


def test_a_crease_outside_the_chart_is_clipped_and_leaves_no_trace_for_the_next() -> None:
    chart = Chart.over(CORNERS, 0.5)
    relief = chart.empty()
    press(relief, [straight(), Crease(np.array([[-60.0, 15.0], [60.0, 15.0]]), np.array([0.3, 0.3]), 1.0)], chart)
    alone = chart.empty()
    press(alone, [Crease(np.array([[-60.0, 15.0], [60.0, 15.0]]), np.array([0.3, 0.3]), 1.0)], chart)
    assert np.allclose(relief - pressed(straight(), 0.5)[0], alone, atol=1e-6)
    assert alone[:, [0, -1]].min() < -0.25


def test_a_line_passes_its_controls_and_fades_at_its_ends() -> None:
    controls = [(-10.0, 0.0), (0.0, 4.0), (10.0, 0.0)]
    crease = line(controls, np.random.default_rng(1), 0.4, 1.0, wander=0.0, uneven=0.0)
    for control in controls:
        assert np.linalg.norm(crease.points - control, axis=1).min() < 0.8
    assert crease.depth.max() == pytest.approx(0.4)
    assert crease.depth[[0, -1]].max() == 0
    steps = np.linalg.norm(np.diff(crease.points, axis=0), axis=1)
    assert steps.max() < 1.3 * steps.min()


def test_longer_lines_do_not_shift_the_random_numbers_of_others() -> None:
    after = []
    for length in (5.0, 50.0):
        rng = np.random.default_rng(3)
        line([(0.0, 0.0), (length, 0.0)], rng, 0.3, 1.0)
        after.append(rng.random())
    assert after[0] == after[1]
