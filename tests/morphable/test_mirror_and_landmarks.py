from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seethrough.morphable.assembly import cylindrical_uv, outward_triangles
from seethrough.morphable.landmark_regions import signed_distance
from seethrough.morphable.mesh_landmarks import BASEL_NAMES, TEMPLATE, landmarks_from_named_points
from seethrough.morphable.mirror_map import mirror_map
from tests.small_face import small_face_model

seeds = st.integers(0, 2**32 - 1)


@given(seeds, st.integers(1, 60))
def test_mirror_of_any_cloud_is_an_involution(seed, count):
    partner = mirror_map(np.random.default_rng(seed).normal(size=(count, 3)) * 50)
    np.testing.assert_array_equal(partner[partner], np.arange(count))


@settings(max_examples=30, deadline=None)
@given(seeds, st.floats(0, 1.5))
def test_mirror_of_a_nearly_symmetric_face_is_that_of_the_symmetric_one(seed, noise):
    model = small_face_model(15)
    rng = np.random.default_rng(seed)
    order = rng.permutation(model.vertex_count)
    position = np.argsort(order)
    # The grid is about 11 mm wide; a scan's asymmetry is far below that.
    mean = model.mean.numpy()[order] + rng.uniform(-noise, noise, (len(order), 3))
    np.testing.assert_array_equal(mirror_map(mean), position[model.mirror.numpy()[order]])


def test_a_vertex_without_a_partner_is_its_own():
    partner = mirror_map(np.array([[-10.0, 0, 0], [10.0, 0, 0], [30.0, 0, 0], [0.0, 5, 0]]), tolerance=2)
    assert partner.tolist() == [1, 0, 2, 3]


@settings(max_examples=25, deadline=None)
@given(seeds)
def test_named_points_place_all_68_landmarks_of_an_affine_copy(seed):
    rng = np.random.default_rng(seed)
    warp = np.eye(3) + rng.uniform(-0.15, 0.15, (3, 3))
    points = TEMPLATE @ warp.T + rng.uniform(-20, 20, 3)
    clutter = points[:, None] + rng.choice([-1.0, 1.0], (68, 6, 3)) * rng.uniform(4, 9, (68, 6, 3))
    mesh = np.concatenate([clutter.reshape(-1, 3), points])
    order = rng.permutation(len(mesh))
    found = landmarks_from_named_points(mesh[order], {name: points[i] for name, i in BASEL_NAMES.items()})
    np.testing.assert_allclose(mesh[order][found], points, atol=1e-6)


def test_named_points_are_met_exactly_even_by_another_face():
    rng = np.random.default_rng(1)
    points = TEMPLATE + rng.normal(size=TEMPLATE.shape) * 4
    mesh = np.concatenate([rng.uniform(-100, 100, (500, 3)), points])
    found = landmarks_from_named_points(mesh, {name: points[i] for name, i in BASEL_NAMES.items()})
    named = sorted(BASEL_NAMES.values())
    np.testing.assert_allclose(mesh[found][named], points[named])


@pytest.mark.parametrize(
    "named", [{}, {"center.nose.tip": np.zeros(3)}, {name: np.full(3, np.nan) for name in BASEL_NAMES}]
)
def test_too_few_names_place_nothing(named):
    assert landmarks_from_named_points(TEMPLATE, named) is None


def test_template_is_a_symmetric_face():
    pairs = [(i, 16 - i) for i in range(8)] + [(17 + i, 26 - i) for i in range(5)] + [(36, 45), (39, 42), (48, 54)]
    for right, left in pairs:
        np.testing.assert_allclose(TEMPLATE[right] * [-1, 1, 1], TEMPLATE[left], atol=0.15)
    assert TEMPLATE[:, 2].argmax() == 30
    assert TEMPLATE[8, 1] < TEMPLATE[57, 1] < TEMPLATE[33, 1] < TEMPLATE[27, 1] < TEMPLATE[19, 1]


@given(st.booleans())
def test_triangles_are_turned_outward(flip):
    model = small_face_model(9)
    triangles = model.triangles.numpy()
    given_order = triangles[:, ::-1] if flip else triangles
    turned = outward_triangles(model.mean.numpy(), given_order)
    corners = model.mean.numpy()[turned]
    assert (np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])[:, 2] > 0).all()
    np.testing.assert_array_equal(np.sort(turned, 1), np.sort(triangles, 1))


def test_cylindrical_coordinates_fill_the_unit_square_midline_in_the_middle():
    mean = small_face_model(25).mean.numpy()
    uv = cylindrical_uv(mean)
    assert uv.min() == pytest.approx(0)
    assert uv.max() == pytest.approx(1)
    np.testing.assert_allclose(uv[np.abs(mean[:, 0]) < 1e-6, 0], 0.5)
    assert bool((np.diff(uv.reshape(25, 25, 2)[:, :, 0], axis=1) > 0).all())
    assert bool((np.diff(uv.reshape(25, 25, 2)[:, :, 1], axis=0) > 0).all())


def test_signed_distance_to_a_square():
    square = np.array([[0.0, 0], [4, 0], [4, 4], [0, 4]])
    points = np.array([[2.0, 2], [2, 3.5], [2, 6], [7, 8], [-1, 2]])
    np.testing.assert_allclose(signed_distance(points, square), [-2, -0.5, 2, 5, 1])
