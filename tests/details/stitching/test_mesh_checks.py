from __future__ import annotations

from dataclasses import replace

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from seethrough.details.stitching import MeshReport, check_mesh
from seethrough.details.stitching.self_intersections import crossing, self_intersections
from seethrough.details.stitching.untangling import triangle_normals, turned_over, untangled
from tests.details.stitching.test_refinement import grid

SQUARE = np.array([[0.0, 0, 0], [1, 0, 0], [1, 1, 0], [0, 1, 0], [0.3, 0.3, 1]])
CLEAN = MeshReport(0, 0, 0, 0, 0, 0, 4, 1)


def test_each_fault_is_counted() -> None:
    good = np.array([[0, 1, 2], [0, 2, 3]])
    assert check_mesh(SQUARE[:4], good) == CLEAN
    assert check_mesh(SQUARE, good) == replace(CLEAN, unused_vertices=1)
    unlike = check_mesh(SQUARE[:4], np.array([[0, 1, 2], [0, 3, 2]]))
    assert unlike.unlike_edges == 1 and not unlike.clean
    crowded = check_mesh(SQUARE, np.array([[0, 1, 2], [0, 2, 3], [2, 0, 4]]))
    assert crowded.crowded_edges == 1
    pinched = check_mesh(np.r_[SQUARE, SQUARE[:2] - 1], np.array([[0, 1, 2], [0, 2, 3], [0, 5, 6], [0, 6, 4]]))
    assert pinched.pinched_vertices == 1 and pinched.crowded_edges == 0
    tip = np.array([[0, 1, 2], [1, 0, 3], [2, 1, 3], [0, 2, 3]])  # a closed body
    twins = np.r_[SQUARE, SQUARE[1:4] * [1, 1, -1] + [0, 0, 3]]
    both = check_mesh(twins[:7], np.r_[tip, [[3, 4, 5], [4, 3, 6], [5, 4, 6], [3, 5, 6]]])
    assert both.pinched_vertices == 1 and both.border_edges == 0
    repeated = check_mesh(SQUARE[[0, 1, 2, 0, 2, 3]], np.array([[0, 1, 2], [3, 4, 5]]))
    assert repeated.repeated_vertices == 2 and repeated.borders == 2
    assert check_mesh(np.array([[0.0, 0, 0], [1, 0, 0], [2, 0, 0]]), np.array([[0, 1, 2]])).flat_triangles == 1


@settings(max_examples=20, deadline=None)
@given(st.integers(1, 6), st.integers(1, 6), st.tuples(*[st.floats(-3, 3)] * 3))
def test_strips_through_a_plate_cross_it_whatever_way_all_is_turned(strips: int, steps: int, turn) -> None:
    places, plate = grid(8, 0)
    heights = np.linspace(-1.3, 1.2, steps + 1)
    parts, triangles = [places], [plate]
    for k in range(strips):
        corners = np.array([[x, 1.1 + 0.83 * k, z] for z in heights for x in (1.37, 1.93)])
        base = sum(map(len, parts))
        i = base + 2 * np.arange(steps)
        triangles += [np.stack([i, i + 1, i + 3], 1), np.stack([i, i + 3, i + 2], 1)]
        parts.append(corners)
    vertices = Rotation.from_rotvec(turn).apply(np.concatenate(parts))
    pairs = self_intersections(vertices, np.concatenate(triangles))
    assert len(np.unique(pairs, axis=0)) == len(pairs)
    assert (pairs[:, 0] < len(plate)).all() and (pairs[:, 1] >= len(plate)).all()
    # The two triangles of a strip's step across the plate are found, and no others of it.
    steps_across = np.unique(pairs[:, 1])
    assert strips <= len(steps_across) <= 2 * strips
    every = np.concatenate(triangles)
    assert crossing(vertices, every, pairs).all()
    others = np.stack([np.arange(len(plate)), np.full(len(plate), len(every) - 1)], axis=1)
    others = others[~(others[:, None] == pairs).all(2).any(1)]
    assert not crossing(vertices, every, others).any()
    among = np.zeros(len(every), bool)
    among[pairs[:1, 1]] = True
    some = self_intersections(vertices, every, among)
    assert {tuple(pair) for pair in some} == {tuple(pair) for pair in pairs if among[pair].any()}
    flat = self_intersections(places, plate)
    assert flat.shape == (0, 2)
    assert self_intersections(places, plate[:0]).shape == (0, 2)


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 999), st.floats(0.0, 3.0))
def test_noise_of_any_strength_folds_nothing(seed: int, strength: float) -> None:
    places, triangles = grid(9, seed)
    noise = strength * np.random.default_rng(seed).normal(0, 1, places.shape)
    placed, kept = untangled(places, places + noise, triangles)
    before = triangle_normals(places, triangles)
    assert not turned_over(before, triangle_normals(placed, triangles)).any()
    assert kept.min() >= 0 and kept.max() <= 1
    np.testing.assert_allclose(placed, places + kept[:, None] * noise)
    if not turned_over(before, triangle_normals(places + noise, triangles)).any():
        np.testing.assert_array_equal(kept, 1)


def test_sheets_that_were_moved_through_one_another_are_parted() -> None:
    places, triangles = grid(7, 1)
    both = np.concatenate([places, places + np.array([0.05, 0.02, 0.4])])
    sheets = np.concatenate([triangles, triangles + len(places)])
    bump = 0.7 * np.exp(-(((places[:, :2] - 3) / 1.2) ** 2).sum(1))
    moved = both + np.r_[bump, 0 * bump][:, None] * [0, 0, 1]
    assert len(self_intersections(moved, sheets))
    placed, kept = untangled(both, moved, sheets, crossings=True)
    assert len(self_intersections(placed, sheets)) == 0
    assert 0 < (kept < 1).mean() < 0.5
    np.testing.assert_array_equal(untangled(both, moved, sheets)[1], 1)  # nothing is turned over
