from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from seethrough.details.openings import boundary_loops
from seethrough.details.stitching import check_mesh
from seethrough.details.stitching.refinement import refine


def grid(size: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Return (V, 3) places of an uneven flat grid, and triangles that face +z."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[:size, :size].astype(float)
    places = np.stack([x, y, np.zeros_like(x)], axis=-1)
    places[1:-1, 1:-1, :2] += rng.uniform(-0.3, 0.3, (size - 2, size - 2, 2))
    index = np.arange(size * size).reshape(size, size)
    a, b, c, d = index[:-1, :-1], index[:-1, 1:], index[1:, :-1], index[1:, 1:]
    triangles = np.concatenate([np.stack([a, b, d], -1).reshape(-1, 3), np.stack([a, d, c], -1).reshape(-1, 3)])
    return places.reshape(-1, 3), triangles


def areas(places: np.ndarray, triangles: np.ndarray) -> np.ndarray:
    corners = places[triangles][..., :3]
    return np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])[:, 2] / 2


@settings(max_examples=20, deadline=None)
@given(st.integers(3, 7), st.integers(0, 999), st.floats(0.15, 1.5), st.sampled_from([0, 1, 2, 12]))
def test_parts_fill_their_triangles_exactly_and_nothing_is_too_long(size, seed, longest, rounds) -> None:
    places, triangles = grid(size, seed)
    wanted = np.random.default_rng(seed).random(len(places)) < 0.4
    values = np.concatenate([places, places @ [[2.0], [-3.0], [0.0]] + 5, wanted[:, None]], axis=1)

    def too_long(values: np.ndarray, start: np.ndarray, end: np.ndarray) -> np.ndarray:
        length = np.linalg.norm(values[start, :3] - values[end, :3], axis=1)
        return np.maximum(values[start, 4], values[end, 4]) * length > longest

    fine = refine(values, triangles, too_long, rounds)
    parts = areas(fine.values, fine.triangles)
    assert parts.min() > 0
    sums = np.bincount(fine.parents, parts, minlength=len(triangles))
    np.testing.assert_allclose(sums, areas(places, triangles))
    report = check_mesh(fine.values[:, :3], fine.triangles)
    assert report.clean
    assert report.borders == 1
    border = fine.values[boundary_loops(fine.triangles)[0], :2]
    np.testing.assert_array_equal(((border == 0) | (border == size - 1)).any(1), True)
    np.testing.assert_array_equal(fine.values[: len(values)], values)
    np.testing.assert_allclose(fine.values[:, 3], fine.values[:, :3] @ [2.0, -3.0, 0.0] + 5)
    sides = np.concatenate([fine.triangles[:, [0, 1]], fine.triangles[:, [1, 2]], fine.triangles[:, [2, 0]]])
    if rounds == 12:
        assert not too_long(fine.values, *sides.T).any()
    if rounds == 0:
        np.testing.assert_array_equal(np.sort(fine.parents), np.arange(len(triangles)))


def test_one_triangle_in_each_of_the_four_ways() -> None:
    places = np.array([[0.0, 0, 0], [2, 0, 0], [0, 1.5, 0]])
    for longest, parts in ((3.0, 1), (2.2, 2), (1.8, 3), (1.3, 4)):  # edges 2, 2.5, 1.5

        def too_long(values, start, end, far=longest):
            return np.linalg.norm(values[start] - values[end], axis=1) > far

        fine = refine(places, np.array([[0, 1, 2]]), too_long, 1)
        assert len(fine.triangles) == parts
        np.testing.assert_allclose(areas(fine.values, fine.triangles).sum(), 1.5)
