from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seethrough.metrics.triangle_tree import TriangleTree

KINDS = ["soup", "flat", "needles", "slivers", "points", "far"]


def by_brute_force(points: np.ndarray, corners: np.ndarray) -> np.ndarray:
    """Return (N, T) squared distances from points to triangles: the plane where it is met inside, else the edges."""
    a, b, c = (corners[None, :, k] for k in range(3))
    p = points[:, None]
    least = np.full((len(points), corners.shape[0]), np.inf)
    for start, end in ((a, b), (b, c), (c, a)):
        edge = end - start
        length = (edge**2).sum(-1)
        along = ((p - start) * edge).sum(-1) / np.where(length > 0, length, 1)
        nearest = start + np.clip(along, 0, 1)[..., None] * edge
        least = np.minimum(least, ((p - nearest) ** 2).sum(-1))
    normal = np.cross(b - a, c - a)
    area = (normal**2).sum(-1)
    sides = [(np.cross(end - start, p - start) * normal).sum(-1) for start, end in ((a, b), (b, c), (c, a))]
    inside = (np.minimum.reduce(sides) >= 0) & (area > 0)
    height = ((p - a) * normal).sum(-1) ** 2 / np.where(area > 0, area, 1)
    return np.where(inside, np.minimum(least, height), least)


@given(st.integers(0, 2**32 - 1), st.integers(1, 60), st.sampled_from(KINDS))
@settings(max_examples=60, deadline=None)
def test_nothing_is_closer_than_what_is_found(seed, count, kind):
    rng = np.random.default_rng(seed)
    corners = rng.normal(size=(count, 1, 3)) * 3 + rng.normal(size=(count, 3, 3))
    if kind == "flat":
        corners[..., 2] = 0.5
    if kind == "needles":  # no area: three corners on a line
        corners[:, 2] = corners[:, 0] + rng.uniform(-1, 2, (count, 1)) * (corners[:, 1] - corners[:, 0])
    if kind == "slivers":  # nearly none
        away = rng.normal(size=(count, 3)) * 10.0 ** rng.uniform(-12, -4, (count, 1))
        corners[:, 2] = corners[:, 0] + rng.uniform(-1, 2, (count, 1)) * (corners[:, 1] - corners[:, 0]) + away
    if kind == "points":
        corners[:, 1:] = corners[:, :1]
    points = rng.normal(size=(25, 3)) * 4
    if kind == "far":
        corners, points = corners + 1000, points * 50
    vertices, triangles = corners.reshape(-1, 3), np.arange(3 * count).reshape(-1, 3)
    tree = TriangleTree.of(vertices, triangles)
    plain = tree.closest(points)
    distances = by_brute_force(points, corners)
    assert plain.squared == pytest.approx(distances.min(1), rel=1e-7, abs=1e-9)
    # what is reported belongs together
    assert ((points - plain.points) ** 2).sum(1) == pytest.approx(plain.squared, rel=1e-6, abs=1e-9)
    combined = (plain.barycentric[..., None] * corners[plain.triangles]).sum(1)
    assert combined == pytest.approx(plain.points, abs=1e-8)
    assert (plain.barycentric >= -1e-12).all() and plain.barycentric.sum(1) == pytest.approx(np.ones(25))
    # how far the others are
    others = distances.copy()
    others[np.arange(25), plain.triangles] = np.inf
    assert plain.clearance**2 == pytest.approx(others.min(1), rel=1e-6, abs=1e-9)


@given(st.integers(0, 2**32 - 1), st.sampled_from([1e-3, 0.03, 0.3, 3.0]))
@settings(max_examples=40, deadline=None)
def test_what_was_found_elsewhere_changes_nothing(seed, way):
    rng = np.random.default_rng(seed)
    vertices, triangles = face_like(rng)
    tree = TriangleTree.of(vertices, triangles)
    points = vertices[rng.integers(0, len(vertices), 200)] + rng.normal(0, 0.4, (200, 3))
    found = tree.closest(points)
    # Several short ways: what is left of the clearance must hold for all of them together.
    for _ in range(4):
        points = points + rng.normal(0, way, (200, 3))
        found, fresh = tree.closest(points, found), tree.closest(points)
        np.testing.assert_allclose(found.squared, fresh.squared, rtol=1e-12, atol=1e-14)
        np.testing.assert_allclose(found.points, fresh.points, rtol=0, atol=1e-11)
        alone = fresh.clearance > np.sqrt(fresh.squared) + 1e-9  # else it lies on an edge of two triangles
        np.testing.assert_array_equal(found.triangles[alone], fresh.triangles[alone])
        assert (found.clearance <= fresh.clearance + 1e-12).all()
        if way == 1e-3:  # the most are not searched again
            assert (found.clearance < fresh.clearance).mean() > 0.5


def face_like(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    x, y = np.meshgrid(np.arange(20.0), np.arange(20.0))
    vertices = np.stack([x, y, np.sin(0.4 * x) + np.cos(0.3 * y)], axis=-1).reshape(-1, 3)
    corner = (np.arange(19)[:, None] * 20 + np.arange(19)).ravel()
    triangles = np.concatenate([corner[:, None] + [0, 1, 21], corner[:, None] + [0, 21, 20]])
    return vertices + rng.normal(0, 0.1, vertices.shape), triangles


def test_points_of_the_mesh_are_at_no_distance():
    rng = np.random.default_rng(0)
    corners = rng.normal(size=(40, 3, 3))
    weights = rng.dirichlet([1, 1, 1], 40)
    on = (weights[..., None] * corners).sum(1)
    tree = TriangleTree.of(corners.reshape(-1, 3), np.arange(120).reshape(-1, 3))
    assert np.sqrt(tree.closest(on).squared).max() < 1e-9


def test_many_triangles_with_one_centre():
    # The boxes cannot be told apart; the search must still end and be right.
    corner = np.array([[0.0, 0, 0], [1, 0, 0], [0, 1, 0]])
    tree = TriangleTree.of(corner, np.tile([[0, 1, 2]], (300, 1)))
    assert tree.closest(np.array([[0.2, 0.2, 2.0], [-3, -4, 0]])).squared == pytest.approx([4, 25])


def test_what_no_tree_can_hold():
    with pytest.raises(ValueError, match="without triangles"):
        TriangleTree.of(np.zeros((3, 3)), np.zeros((0, 3), dtype=int))
    with pytest.raises(ValueError, match="not finite"):
        TriangleTree.of(np.full((3, 3), np.nan), np.array([[0, 1, 2]]))
