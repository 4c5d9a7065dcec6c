from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seethrough.details.filling.blending import NO_SOURCE, Source, blend
from seethrough.details.filling.grid_equation import GridEquation
from tests.details.filling.small_references import face_mask, waves

FACE = face_mask()


def random_hole(seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[:64, :64]
    hole = (x - rng.uniform(15, 49)) ** 2 + (y - rng.uniform(15, 49)) ** 2 < rng.uniform(2, 22) ** 2
    return FACE & (hole | (rng.random((64, 64)) < rng.choice([0.0, 0.02])))


def test_three_pixels_by_hand() -> None:
    """Face of one row: held 1, two of the hole, held 7; a source that rises by 3 from the first to the second.

    f1 - 1 = g01, f2 - f1 = g12, 7 - f2 = g23 with gradients 0, 3, 0 of the source: least squares gives each pair the
    same surplus (7 - 1 - 3) / 3 = 1.
    """
    bump, source = np.array([[1.0, 0.0, 0.0, 7.0]]), np.array([[5.0, 5.0, 8.0, 8.0]])
    hole, face = np.array([[False, True, True, False]]), np.ones((1, 4), bool)
    filled = blend(bump, hole, face, [Source(source, face)])
    assert np.allclose(filled.bump, [[1, 2, 6, 7]])
    assert np.allclose(blend(bump, hole, face, []).bump, [[1, 3, 5, 7]])
    # The face ends after the hole: its free end keeps the source's gradient.
    outline = np.array([[True, True, True, False]])
    assert np.allclose(blend(bump, hole, outline, [Source(source, face)]).bump, [[1, 1, 4, 7]])


@given(st.integers(0, 10**6))
@settings(max_examples=15, deadline=None)
def test_a_source_that_differs_by_a_constant_gives_the_truth(seed: int) -> None:
    truth, hole = waves(seed), random_hole(seed)
    filled = blend(np.where(hole, np.nan, truth), hole, FACE, [Source(truth + 4.2, np.ones_like(FACE))])
    assert np.array_equal(filled.bump[~hole], truth[~hole])
    touching = hole & ~filled.adrift
    assert np.abs(filled.bump - truth)[touching].max(initial=0) < 1e-4


@given(st.integers(0, 10**6))
@settings(max_examples=15, deadline=None)
def test_a_membrane_stays_between_its_borders_and_seams_keep_both_gradients(seed: int) -> None:
    truth, hole = waves(seed), random_hole(seed)
    flat = blend(truth, hole, FACE, [])
    held = truth[FACE & ~hole]
    assert (flat.source == NO_SOURCE).all()
    assert flat.bump[hole].max(initial=held.min()) <= held.max() + 1e-5
    assert flat.bump[hole].min(initial=held.max()) >= held.min() - 1e-5
    left = np.mgrid[:64, :64][1] < 33
    # Two sources of unlike level that overlap by two pixels: no seam is seen.
    parts = [Source(truth - 1.0, left), Source(truth + 2.0, np.roll(~left, -2, 1))]
    joined = blend(np.where(hole, 0.0, truth), hole, FACE, parts)
    touching = hole & ~joined.adrift
    assert np.abs(joined.bump - truth)[touching].max(initial=0) < 1e-4


def test_what_touches_no_visible_pixel_takes_its_source_as_it_is() -> None:
    face = np.ones((5, 9), bool)
    face[:, 4] = False
    hole = np.zeros_like(face)
    hole[:, 5:] = True
    source = Source(np.full((5, 9), 3.0), np.mgrid[:5, :9][1] < 7)
    filled = blend(np.full((5, 9), 1.5), hole, face, [source])
    assert np.array_equal(filled.adrift, hole)
    assert (filled.bump[:, 5:7] == 3.0).all()
    assert (filled.bump[:, 7:] == 1.5).all()


@pytest.mark.parametrize("shape", [(3, 2), (17, 40), (64, 64)])
def test_the_solver_agrees_with_a_dense_one(shape: tuple[int, int]) -> None:
    rng = np.random.default_rng(0)
    height, width = shape
    right, down = rng.uniform(0.2, 1, (height, width - 1)), rng.uniform(0.2, 1, (height - 1, width))
    anchor = np.where(rng.random(shape) < 0.1, 1.0, 0.0)
    anchor[0, 0] = 1.0
    wanted = rng.standard_normal(shape)
    solution = GridEquation(right, down, anchor).solve(wanted, accuracy=1e-12)
    left = anchor * solution - wanted
    for weight, axis in ((right, 1), (down, 0)):
        flow = weight * np.diff(solution, axis=axis)
        left -= np.pad(flow, [(0, 0), (0, 1)] if axis == 1 else [(0, 1), (0, 0)])
        left += np.pad(flow, [(0, 0), (1, 0)] if axis == 1 else [(1, 0), (0, 0)])
    assert np.abs(left).max() < 1e-9
