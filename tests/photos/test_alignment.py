from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seethrough.errors import SeethroughError
from seethrough.photos import CropTransform, align
from seethrough.photos.alignment import TEMPLATE, five_points
from seethrough.photos.resampling import resample

crops = st.builds(
    CropTransform,
    st.floats(0.05, 8),
    st.tuples(st.floats(-200, 900), st.floats(-200, 900)),
    st.sampled_from([56, 80, 224, 500]),
)


def projected(scale: float, x: float, y: float) -> np.ndarray:
    """The template seen by a weak-perspective camera at rest."""
    return TEMPLATE[:, :2] * [scale, -scale] + [x, y]


@settings(deadline=None)
@given(crop=crops, points=st.lists(st.tuples(st.floats(-1e3, 1e3), st.floats(-1e3, 1e3)), min_size=1, max_size=5))
def test_points_go_there_and_back(crop, points):
    np.testing.assert_allclose(crop.to_photo(crop.to_crop(np.array(points))), points, atol=1e-8)
    left, top, right, bottom = crop.box
    np.testing.assert_allclose(
        crop.to_crop(np.array([[left, top], [right, bottom]])), [[0, 0], [crop.size, crop.size]], atol=1e-8
    )
    half = crop.resized(crop.size // 2)
    np.testing.assert_allclose(half.to_crop(np.array(points)) * 2, crop.to_crop(np.array(points)), atol=1e-6)


@settings(deadline=None)
@given(scale=st.floats(5, 2000), x=st.floats(-100, 2000), y=st.floats(-100, 2000), size=st.sampled_from([80, 224]))
def test_the_template_lands_where_the_released_code_puts_it(scale, x, y, size):
    crop = align(projected(scale, x, y), size=size)
    # 102 px a template unit in a 224-px crop, its origin in the middle.
    expected = TEMPLATE[:, :2] * [102, -102] * size / 224 + size / 2
    np.testing.assert_allclose(crop.to_crop(projected(scale, x, y)), expected, atol=1e-5)


def test_hand_computed_crop():
    crop = align(projected(204.0, 300.0, 250.0))
    assert crop.scale == pytest.approx(0.5)
    assert crop.centre == pytest.approx((300, 250))
    assert crop.box == pytest.approx((76, 26, 524, 474))


def test_the_five_points_are_those_of_the_released_code():
    landmarks = np.stack([np.arange(68.0), np.arange(68.0) ** 2], axis=1)
    expected = [[37.5, (36**2 + 39**2) / 2], [43.5, (42**2 + 45**2) / 2], [30, 900], [48, 2304], [54, 2916]]
    np.testing.assert_allclose(five_points(landmarks), expected)


def test_bad_landmarks():
    with pytest.raises(SeethroughError, match="not finite"):
        align(np.full((68, 2), np.nan))
    with pytest.raises(SeethroughError, match="no size"):
        align(np.full((68, 2), 30.0))
    with pytest.raises(ValueError, match="expected"):
        align(np.zeros((7, 2)))


@settings(deadline=None, max_examples=25)
@given(scale=st.floats(0.2, 4), x=st.floats(20, 60), y=st.floats(20, 60))
def test_a_linear_ramp_stays_exact(scale, x, y):
    """The value of a ramp at a pixel centre is its coordinate, so half a pixel too much would show."""
    columns = (np.arange(80) + 0.5)[None].repeat(80, 0)
    crop = CropTransform(scale, (x, y), 24)
    warped = resample(columns, crop.box, 24, 24)
    centres = crop.to_photo(np.stack([np.arange(24) + 0.5] * 2, axis=1))
    margin = 3 * max(1, 1 / scale)
    inner_x = (centres[:, 0] > margin) & (centres[:, 0] < 80 - margin)
    inner_y = (centres[:, 1] > margin) & (centres[:, 1] < 80 - margin)
    wanted = np.broadcast_to(centres[:, 0], (24, 24))
    np.testing.assert_allclose(
        warped[inner_y][:, inner_x], wanted[inner_y][:, inner_x], atol=0.03
    )  # the filter's own ripple


def test_shrinking_does_not_alias():
    stripes = np.tile(np.array([0, 255], np.uint8), (200, 100))
    shrunk = resample(stripes, (0, 0, 200, 200), 20, 20)
    assert np.abs(shrunk[2:-2, 2:-2] - 127.5).max() < 2


def test_outside_the_photo_is_black_and_known():
    photo = np.full((50, 40, 3), 200, np.uint8)
    crop = CropTransform(1.0, (0.0, 0.0), 60)  # the photo's corner lies in the middle
    inside = crop.inside(50, 40)
    assert inside.sum() == 30 * 30
    assert inside[30:, 30:].all()
    picture = crop.crop(photo)
    assert picture[:28, :28].max() < 0.02
    np.testing.assert_allclose(picture[33:, 33:], 200 / 255, atol=1e-3)


@pytest.mark.parametrize("scale", [0.4, 1.0, 2.7])
def test_a_mask_goes_to_the_photo_and_back(scale):
    crop = CropTransform(scale, (161.3, 147.9), 96)
    rows, columns = np.mgrid[:96, :96] + 0.5
    disc = (np.hypot(rows - 48, columns - 48) < 28).astype(np.float32)
    whole = crop.to_photo_mask(disc, 300, 310)
    # The area of the disc in photo pixels, and its centre, are those of the transform.
    assert whole.sum() == pytest.approx(disc.sum() / scale**2, rel=0.02)
    y, x = (np.mgrid[:300, :310] + 0.5) * whole
    assert (x.sum() / whole.sum(), y.sum() / whole.sum()) == pytest.approx(crop.centre, abs=0.05)
    back = crop.crop_mask(whole)
    assert np.abs(back - disc).mean() < 0.03 / min(scale, 1)


def test_a_crop_far_from_the_photo_changes_nothing():
    photo = np.full((20, 20, 3), 9, np.uint8)
    crop = CropTransform(1.0, (500.0, 500.0), 32)
    assert crop.to_photo_mask(np.ones((32, 32)), 20, 20).max() == 0
    np.testing.assert_array_equal(crop.paste(np.ones((32, 32, 3)), np.ones((32, 32)), photo), photo)


def test_pasting_blends_by_weight():
    photo = np.full((64, 64, 3), 100, np.uint8)
    crop = CropTransform(1.0, (32.0, 32.0), 64)
    weight = np.zeros((64, 64), np.float32)
    weight[:, 32:] = 0.5
    pasted = crop.paste(np.full((64, 64, 3), 200 / 255), weight, photo)
    assert (pasted[:, :31] == 100).all()
    assert (pasted[:, 34:] == 150).all()


def test_an_empty_box_is_refused():
    with pytest.raises(ValueError, match="empty"):
        resample(np.zeros((4, 4)), (2, 0, 2, 4), 4, 4)
