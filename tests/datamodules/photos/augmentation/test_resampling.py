from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from datamodules.photos.augmentation.resampling import warped
from datamodules.photos.augmentation.warp import IDENTITY, Warp
from seethrough.photos.resampling import resample
from tests.datamodules.photos.augmentation.pictures import FIELD, SIDE, disc, smooth_picture


def noise(side: int, channels: int = 3, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (side, side, channels), dtype=np.uint8)


@given(side=st.integers(20, 60), size=st.integers(16, 60), field=st.floats(0.7, 2.5), seed=st.integers(0, 99))
@settings(max_examples=20)
def test_without_a_warp_it_is_the_plain_resampling(side: int, size: int, field: float, seed: int) -> None:
    stored = noise(side, seed=seed)
    half = side / 2 / field
    box = (side / 2 - half, side / 2 - half, side / 2 + half, side / 2 + half)
    matrix = IDENTITY.from_stored(side, field, size)
    plain = np.clip(resample(stored, box, size, size) / 255, 0, 1).transpose(2, 0, 1)
    np.testing.assert_allclose(warped(stored, matrix, size), plain, atol=2e-5)
    mask = stored[:, :, :1]
    plain = np.clip(resample(mask[:, :, 0], box, size, size, method=Image.Resampling.BILINEAR) / 255, 0, 1)
    np.testing.assert_allclose(warped(mask, matrix, size, cubic=False)[0], plain, atol=2e-5)


def filters(centres: np.ndarray, stretch: float, pixels: int, cubic: bool) -> np.ndarray:
    """(N, pixels) weights of filters about some centres, in float64; what falls beside the pixels counts, too."""
    distance = np.abs(np.arange(-pixels, 2 * pixels) + 0.5 - centres[:, None]) / stretch
    if cubic:
        near = (1.5 * distance - 2.5) * distance**2 + 1
        far = ((2.5 - 0.5 * distance) * distance - 4) * distance + 2
        weights = np.where(distance < 1, near, np.where(distance < 2, far, 0))
    else:
        weights = np.maximum(1 - distance, 0)
    total = weights.sum(axis=1, keepdims=True)
    return np.divide(weights, total, where=total != 0, out=np.zeros_like(weights))[:, pixels : 2 * pixels]


@given(
    warp=st.builds(
        Warp,
        shift=st.tuples(st.floats(-60, 60), st.floats(-60, 60)),
        scale=st.floats(0.4, 2),
        rotation=st.floats(-3, 3),
        flip=st.booleans(),
    ),
    size=st.integers(16, 40),
    channels=st.sampled_from([1, 3]),
    cubic=st.booleans(),
)
@settings(max_examples=25)
def test_every_pixel_is_the_sum_that_is_promised(warp: Warp, size: int, channels: int, cubic: bool) -> None:
    stored = noise(32, channels)
    matrix = warp.from_stored(32, 1.2, size)
    to_stored = np.linalg.inv(matrix)
    y, x = np.mgrid[:size, :size].reshape(2, -1) + 0.5
    u, v, _ = to_stored @ np.stack([x, y, np.ones_like(x)])
    stretch = max(math.sqrt(abs(np.linalg.det(to_stored))), 1.0)
    across, down = filters(u, stretch, 32, cubic), filters(v, stretch, 32, cubic)
    sums = np.einsum("nr,nc,rck->kn", down, across, stored.astype(np.float64))
    wanted = np.clip(sums / 255, 0, 1).reshape(channels, size, size)
    np.testing.assert_allclose(warped(stored, matrix, size, cubic=cubic), wanted, atol=2e-6)


def test_the_middle_of_the_usual_crop_is_copied() -> None:
    stored = noise(SIDE)
    sample = warped(stored, IDENTITY.from_stored(SIDE, FIELD, 224), 224)
    np.testing.assert_array_equal(np.rint(sample * 255).transpose(1, 2, 0), stored[16:240, 16:240])
    np.testing.assert_allclose(sample * 255, np.rint(sample * 255), atol=1e-4)


@given(
    rotation=st.floats(-math.pi, math.pi),
    scale=st.floats(0.3, 2),
    flip=st.booleans(),
    value=st.integers(0, 255),
    cubic=st.booleans(),
)
@settings(max_examples=20)
def test_an_even_picture_stays_even(rotation: float, scale: float, flip: bool, value: int, cubic: bool) -> None:
    # Wide enough that the filter of the widest, diagonal view reaches nothing outside, which would be black.
    stored = np.full((108, 108, 3), value, np.uint8)
    sample = warped(stored, Warp((0, 0), scale, rotation, flip).from_stored(108, 6.0, 20), 20, cubic=cubic)
    np.testing.assert_allclose(sample, value / 255, atol=1e-6)


def test_outside_the_stored_crop_is_black() -> None:
    stored = np.full((64, 64, 3), 255, np.uint8)
    sample = warped(stored, Warp((50.0, 0.0)).from_stored(64, 1.0, 224), 224)
    assert (sample[:, :, :46] == 0).all()
    np.testing.assert_allclose(sample[:, 8:-8, 60:-8], 1, atol=1e-6)
    far = Warp((5000.0, -3000.0)).from_stored(64, 1.0, 224)
    assert (warped(stored, far, 224) == 0).all()


@pytest.mark.parametrize("rotation", [0.0, 0.15, math.pi / 4])
def test_stripes_too_fine_for_the_sample_turn_grey(rotation: float) -> None:
    stored = np.zeros((SIDE, SIDE, 3), np.uint8)
    stored[:, ::2] = 255
    sample = warped(stored, Warp(rotation=rotation).from_stored(SIDE, 1.6, 80), 80)
    np.testing.assert_allclose(sample, 0.5, atol=0.03)


def test_there_and_back_gives_the_picture_again() -> None:
    stored = smooth_picture()
    there = Warp((6.0, -3.0), 1.05, 0.12, True).from_stored(SIDE, 1.0, SIDE)
    moved = np.rint(warped(stored, there, SIDE) * 255).astype(np.uint8).transpose(1, 2, 0)
    back = warped(np.ascontiguousarray(moved), np.linalg.inv(there), SIDE).transpose(1, 2, 0)
    inside = slice(60, -60)
    assert np.abs(back * 255 - stored)[inside, inside].max() < 2.5


@given(rotation=st.floats(-0.3, 0.3), scale=st.floats(0.8, 1.2), size=st.sampled_from([80, 160, 224]))
@settings(max_examples=12)
def test_half_of_a_mask_lies_where_its_edge_goes(rotation: float, scale: float, size: int) -> None:
    warp = Warp((4.0, -6.0), scale, rotation)
    sample = warped(disc()[:, :, None], warp.from_stored(SIDE, FIELD, size), size, cubic=False)[0]
    zoom = scale * FIELD * size / SIDE
    centre = size / 2 + np.array(warp.shift) * size / 224
    rows, columns = np.mgrid[:size, :size] + 0.5
    distance = np.hypot(columns - centre[0], rows - centre[1])
    radius = 60 * zoom
    # the stored disc has an edge of whole pixels: up to one of them off the circle
    slack = 0.75 + 0.75 * zoom
    assert (sample[distance < radius - slack] > 0.5).all()
    assert (sample[distance > radius + slack] < 0.5).all()
    assert (sample >= 0.5).sum() == pytest.approx(math.pi * radius**2, rel=0.02)
    assert sample.min() == 0 and sample.max() == 1
