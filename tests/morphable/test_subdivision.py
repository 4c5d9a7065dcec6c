"""Catmull-Clark subdivision: known weights, invariances, boundaries, mirror maps."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seethrough.morphable.catmull_clark import limit_operator, refine
from seethrough.morphable.subdivision import refined_mirror, subdivide, triangulate

CUBE = np.array([[0, 2, 3, 1], [4, 5, 7, 6], [0, 1, 5, 4], [2, 6, 7, 3], [0, 4, 6, 2], [1, 3, 7, 5]])
CORNERS = np.array([[x, y, z] for z in (-1, 1) for y in (-1, 1) for x in (-1, 1)], dtype=float)
CUBE_MIRROR = np.array([1, 0, 3, 2, 5, 4, 7, 6])


def grid(columns: int, rows: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return quads, vertices and mirror map of a flat grid that is symmetric in x."""
    index = np.arange((rows + 1) * (columns + 1)).reshape(rows + 1, columns + 1)
    quads = np.stack([index[:-1, :-1], index[:-1, 1:], index[1:, 1:], index[1:, :-1]], -1).reshape(-1, 4)
    x, y = np.meshgrid(np.arange(columns + 1) - columns / 2, np.arange(rows + 1.0))
    return quads, np.stack([x, y, x * 0], -1).reshape(-1, 3), index[:, ::-1].ravel()


def test_first_step_of_a_cube_has_the_published_points():
    step = refine(CUBE, 8)
    points = step.smooth @ CORNERS
    # Valence three: (F + 2 R) / 3 with face points at distance 1 and edge middles: 1/3 * (1/3 + 2 * 2/3) = 5/9.
    assert np.allclose(np.abs(points[:8]), 5 / 9)
    # Edge point of the edge between two face points (1,0,0), (0,1,0) and corners (1,1,+-1): (3/4, 3/4, 0).
    assert np.allclose(np.sort(np.abs(points[8:20]), axis=1), [0, 0.75, 0.75])
    assert np.allclose(np.sort(np.abs(points[20:]), axis=1), [0, 0, 1])
    assert step.polygons.shape == (24, 4)


def test_limit_weights_of_a_regular_vertex():
    quads, _, _ = grid(2, 2)
    row = limit_operator(quads, 9).toarray()[4]
    assert np.allclose(row * 36, [1, 4, 1, 4, 16, 4, 1, 4, 1])  # the uniform bicubic B-spline


def test_border_is_a_cubic_spline_curve():
    quads, _, _ = grid(4, 2)
    step = refine(quads, 15)
    assert np.allclose(step.smooth.toarray()[1, :3], [1 / 8, 6 / 8, 1 / 8])
    assert np.allclose(limit_operator(quads, 15).toarray()[1, :3], [1 / 6, 4 / 6, 1 / 6])


@settings(max_examples=20)
@given(columns=st.integers(2, 5), rows=st.integers(1, 4), level=st.integers(0, 2), seed=st.integers(0, 99))
def test_levels_agree_and_keep_affine_maps(columns, rows, level, seed):
    quads, flat, mirror = grid(columns, rows)
    draw = np.random.default_rng(seed)
    bent = flat + draw.normal(size=flat.shape)
    coarse, fine = subdivide(quads, mirror, level), subdivide(quads, mirror, level + 1)
    one, two = coarse.positions @ bent, fine.positions @ bent
    assert np.allclose(two[: len(one)], one, atol=1e-12)  # the levels sample one surface
    matrix, shift = draw.normal(size=(3, 3)), draw.normal(size=3)
    assert np.allclose(coarse.positions @ (bent @ matrix + shift), one @ matrix + shift, atol=1e-9)
    values = draw.normal(size=len(flat))
    assert np.allclose((fine.values[0] @ values)[: len(one)], coarse.values[0] @ values)
    finer = draw.normal(size=fine.values[1].shape[1])
    assert np.allclose((fine.values[1] @ finer)[: len(one)], coarse.values[1] @ finer)


@settings(max_examples=20)
@given(columns=st.integers(2, 5), rows=st.integers(1, 4), level=st.integers(0, 2))
def test_mirror_map_follows_the_geometry(columns, rows, level):
    quads, flat, mirror = grid(columns, rows)
    result = subdivide(quads, mirror, level)
    points = result.positions @ flat
    assert np.array_equal(result.mirror[result.mirror], np.arange(len(points)))
    assert np.allclose(points[result.mirror], points * [-1, 1, 1])


def test_triangles_become_quads_and_the_euler_number_stays():
    polygons = np.array([[0, 1, 2, -1], [0, 2, 3, 4]])
    step = refine(polygons, 5)
    assert len(step.polygons) == 7
    sides = np.sort(np.stack([step.polygons, np.roll(step.polygons, -1, 1)], -1).reshape(-1, 2), axis=1)
    assert step.smooth.shape[0] - len(np.unique(sides, axis=0)) + 7 == 1


def test_closed_surface_shrinks_to_a_smooth_ball():
    level = subdivide(CUBE, CUBE_MIRROR, 3)
    radius = np.linalg.norm(level.positions @ CORNERS, axis=1)
    assert radius.max() / radius.min() < 1.15
    triangles = triangulate(level.polygons, level.positions @ CORNERS)
    a, b, c = (level.positions @ CORNERS)[triangles].transpose(1, 0, 2)
    assert ((np.cross(b - a, c - a) * (a + b + c)).sum(1) > 0).all()


def test_quads_are_split_along_the_shorter_diagonal():
    vertices = np.array([[0.0, 0, 0], [1, 0, 0], [3, 3, 0], [0, 1, 0]])
    assert triangulate(np.array([[0, 1, 2, 3]]), vertices).tolist() == [[1, 2, 3], [1, 3, 0]]
    assert triangulate(np.array([[0, 1, 2, -1]]), vertices).tolist() == [[0, 1, 2]]


def test_broken_meshes_are_refused():
    with pytest.raises(ValueError, match="between vertices 0 and 1 has 3 polygons"):
        refine(np.array([[0, 1, 2, -1], [1, 0, 3, -1], [0, 1, 4, -1]]), 5)
    with pytest.raises(ValueError, match="vertex 3 belongs to no polygon"):
        refine(np.array([[0, 1, 2, -1], [2, 1, 4, -1]]), 5)
    quads, _, mirror = grid(3, 1)
    lopsided = np.concatenate([quads[:2], [[2, 3, 7, -1], [2, 7, 6, -1]]])
    step = refine(lopsided, 8)
    with pytest.raises(ValueError, match="not symmetric"):
        refined_mirror(mirror, lopsided, step)
    with pytest.raises(ValueError, match="quads"):
        limit_operator(np.array([[0, 1, 2, -1]]), 3)
    with pytest.raises(ValueError, match="level is -1"):
        subdivide(CUBE, CUBE_MIRROR, -1)
