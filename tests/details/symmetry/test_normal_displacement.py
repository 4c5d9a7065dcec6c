from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage

from seethrough.details.symmetry.map_sampling import nearest_in_depth, pixel_coordinates, sample_surface
from seethrough.details.symmetry.normal_displacement import DetailMap, normal_displacements
from seethrough.rendering import Camera

CAMERA = Camera(900.0, 60, 60)


def plane(normal: np.ndarray, through: float) -> tuple[np.ndarray, np.ndarray]:
    """Return (H, W) depth of the plane through (0, 0, through) and the (H, W, 3) points that the pixels see."""
    y, x = (np.mgrid[:60, :60] + 0.5 - 30) / 900
    rays = np.stack([x, y, np.ones_like(x)], axis=-1)
    depth = through * normal[2] / (rays @ normal)
    return depth, rays * depth[..., None]


def tilted(x: float, y: float) -> np.ndarray:
    normal = np.array([x, y, -1.0])
    return normal / np.linalg.norm(normal)


SLOPE = st.floats(-1.2, 1.2)
SMALL = st.floats(-0.25, 0.25)


@pytest.mark.parametrize("along", ["z", "ray"])
@settings(max_examples=30, deadline=None)
@given(SLOPE, SLOPE, SMALL, SMALL, st.floats(-2, 2))
def test_normals_meet_a_plane_where_geometry_says(along: str, x, y, dx, dy, offset) -> None:
    normal, other = tilted(x, y), tilted(x + dx, y + dy)
    depth, points = plane(normal, 800.0)
    bump = depth - plane(other, 800.0 - offset)[0]
    detail = DetailMap(CAMERA, depth, bump, np.ones((60, 60), bool), along, np.inf)
    start = points[20:40:6, 20:40:6].reshape(-1, 3)
    found, share = normal_displacements(detail, start, np.broadcast_to(normal, start.shape))
    np.testing.assert_allclose(share, 1.0)
    meant = ((np.array([0, 0, 800.0 - offset]) - start) @ other) / (normal @ other)
    # Between pixels depth is not linear, and "z" leaves x and y of the foundation: both change little.
    np.testing.assert_allclose(found, meant, atol=0.03 * np.abs(meant).max() + 0.02)


def test_what_is_not_known_does_not_count() -> None:
    values = np.add.outer(2.0 * np.arange(6), np.arange(8.0))
    depth = np.full((6, 8), 500.0)
    known = np.ones((6, 8), bool)
    places = np.array([[3.3, 2.9], [7.9, 2.5], [-4.0, 2.0], [np.nan, 1.0]])
    found, weight = sample_surface(values, known, depth, places, np.full(4, 500.0), 5.0)
    np.testing.assert_allclose(found, [2.8 + 2 * 2.4, 7 + 4, 0, 0])
    np.testing.assert_allclose(weight, [1, 0.6, 0, 0], atol=1e-12)
    depth[:, 3:] = 520.0  # another surface
    found, weight = sample_surface(values, known, depth, places[:1], np.array([500.0]), 5.0)
    np.testing.assert_allclose([found[0], weight[0]], [2 + 2 * 2.4, 0.2])
    known[:] = False
    assert sample_surface(values, known, depth, places[:1], np.array([500.0]), 5.0)[1] == 0


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 2**31), height=st.integers(1, 12), width=st.integers(1, 12))
def test_a_map_is_read_between_the_pixels_that_count(seed: int, height: int, width: int) -> None:
    rng = np.random.default_rng(seed)
    values, depth = rng.normal(size=(height, width)), rng.normal(500, 5, (height, width))
    known = rng.random((height, width)) < 0.7
    places = np.concatenate([rng.uniform(-2, 14, (60, 2)), rng.integers(-2, 28, (20, 2)) / 2])
    found, weight = sample_surface(values, known, depth, places, np.full(80, 500.0), 5.0)
    counts = (known & (np.abs(depth - 500) <= 5)).astype(float)

    def linear(image: np.ndarray) -> np.ndarray:
        return ndimage.map_coordinates(image, places.T[::-1] - 0.5, order=1, mode="grid-constant")

    np.testing.assert_allclose(weight, linear(counts), atol=1e-12)
    np.testing.assert_allclose(found * weight, linear(values * counts), atol=1e-12)


def test_the_most_similar_depth_nearby() -> None:
    depth = np.array([[10.0, 20, 30], [40, 50, 60], [70, 80, 90]])
    known = np.ones((3, 3), bool)
    known[0, 0] = False
    found = nearest_in_depth(depth, known, np.array([[0.5, 0.5], [1.5, 1.5], [9, 9]]), np.array([9.0, 62, 10]))
    np.testing.assert_array_equal(found, [11, 2, np.inf])
    np.testing.assert_allclose(pixel_coordinates(np.array([[10.0, -20, 1000]]), CAMERA), [[39, 12]])
