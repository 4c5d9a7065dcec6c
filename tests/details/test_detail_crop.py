from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from seethrough.details import camera_in_crop, detail_crop
from seethrough.errors import SeethroughError
from seethrough.photos import CropTransform
from seethrough.rendering import focus_camera

PLACE = st.floats(-200, 3000)


def box_landmarks(left: float, top: float, right: float, bottom: float) -> np.ndarray:
    points = np.random.default_rng(0).uniform([left, top], [right, bottom], (68, 2))
    points[0], points[1] = (left, top), (right, bottom)
    return points


def test_crop_is_the_releases_by_hand() -> None:
    # a box of 100 x 200 px around (300, 400): half its larger side is 100 px
    crop = detail_crop(box_landmarks(250, 300, 350, 500))
    np.testing.assert_allclose(crop.box, (300 - 192.55, 400 - 225.91, 300 + 194.23, 400 + 160.87), atol=1e-9)
    assert crop.size == 500


def test_another_size_shows_the_same_part() -> None:
    points = box_landmarks(10, 20, 210, 190)
    np.testing.assert_allclose(detail_crop(points, size=256).box, detail_crop(points).box)


@settings(max_examples=50, deadline=None)
@given(PLACE, PLACE, PLACE, PLACE, st.floats(0.1, 8), st.floats(0.1, 8), st.integers(40, 600))
def test_a_point_of_the_photo_has_the_same_ray_in_both_crops(x, y, u, v, one, other, size) -> None:
    first, second = CropTransform(one, (x, y), 224), CropTransform(other, (u, v), size)
    camera = focus_camera(224)
    point = np.array([[x + 31.7, v - 12.1]])  # of the photo

    def ray(camera, crop) -> np.ndarray:
        return (crop.to_crop(point) - camera.principal_point) / camera.focal

    seen = camera_in_crop(camera, first, second)
    np.testing.assert_allclose(ray(seen, second), ray(camera, first), rtol=1e-9, atol=1e-9)
    posed = torch.tensor([[[40.0, -20.0, 990.0]]], dtype=torch.float64)
    in_photo = first.to_photo(camera.project(posed)[0].numpy())
    np.testing.assert_allclose(second.to_photo(seen.project(posed)[0].numpy()), in_photo, rtol=1e-9, atol=1e-6)


def test_unfit_landmarks_are_told() -> None:
    with pytest.raises(SeethroughError, match="one point"):
        detail_crop(np.full((68, 2), 3.0))
    with pytest.raises(SeethroughError, match="not finite"):
        detail_crop(np.full((68, 2), np.nan))
    with pytest.raises(ValueError, match="224"):
        camera_in_crop(focus_camera(80), CropTransform(1, (0, 0), 224), CropTransform(1, (0, 0), 500))
