"""Crossing triangles: the grid finds all pairs that do, and near some of them all of those."""

from __future__ import annotations

from itertools import combinations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from seethrough.details.stitching.self_intersections import crossing, self_intersections


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 2**31), share=st.floats(0, 1))
def test_some_of_all(seed: int, share: float) -> None:
    rng = np.random.default_rng(seed)
    middles = rng.uniform(-20, 20, (60, 1, 3))
    vertices = (middles + rng.normal(0, 4, (60, 3, 3))).reshape(-1, 3)
    triangles = np.arange(180).reshape(60, 3)
    among = rng.uniform(size=60) < share
    pairs = self_intersections(vertices, triangles)
    every = np.array(list(combinations(range(60), 2)))
    assert set(map(tuple, pairs.tolist())) == set(map(tuple, every[crossing(vertices, triangles, every)].tolist()))
    assert len(np.unique(pairs, axis=0)) == len(pairs)
    some = self_intersections(vertices, triangles, among)
    wanted = {tuple(pair) for pair in pairs.tolist() if among[pair].any()}
    assert {tuple(pair) for pair in some.tolist()} == wanted


def test_a_triangle_through_another() -> None:
    vertices = np.array(
        [[0, 0, 0], [4, 0, 0], [0, 4, 0], [1, 1, -1], [1, 1, 1], [9, 9, 1], [5, 5, 5], [6, 5, 5], [5, 6, 5]]
    )
    triangles = np.array([[0, 1, 2], [3, 4, 5], [6, 7, 8]])
    assert self_intersections(vertices, triangles).tolist() == [[0, 1]]
    assert self_intersections(vertices, triangles, np.array([False, True, False])).tolist() == [[0, 1]]
    assert self_intersections(vertices, triangles, np.array([False, False, True])).tolist() == []
    assert self_intersections(vertices, triangles, np.zeros(3, bool)).tolist() == []
