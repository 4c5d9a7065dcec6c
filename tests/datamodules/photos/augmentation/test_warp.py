from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from datamodules.photos.augmentation.config import AugmentationConfig
from datamodules.photos.augmentation.landmark_symmetry import MIRRORED
from datamodules.photos.augmentation.resampling import warped
from datamodules.photos.augmentation.warp import IDENTITY, Warp, draw_warp
from seethrough.morphable.open_model import load_open_model
from seethrough.rendering import focus_camera
from tests.datamodules.photos.augmentation.pictures import FIELD, SIDE, points, smooth_picture

RELEASE = AugmentationConfig(shift=10, scale=0.1, rotation=10, flip=0.5)
WARPS = st.builds(
    Warp,
    shift=st.tuples(st.floats(-20, 20), st.floats(-20, 20)),
    scale=st.floats(0.8, 1.25),
    rotation=st.floats(-0.5, 0.5),
    flip=st.booleans(),
)


@given(warp=WARPS, x=st.floats(90, 166), y=st.floats(90, 166), size=st.sampled_from([64, 112, 224]))
@settings(max_examples=25)
def test_a_drawn_dot_is_found_where_its_landmark_goes(warp: Warp, x: float, y: float, size: int) -> None:
    rows, columns = np.mgrid[:SIDE, :SIDE] + 0.5
    dot = 255 * np.exp(-((columns - x) ** 2 + (rows - y) ** 2) / (2 * 4.0**2))
    stored = np.rint(dot).astype(np.uint8)[:, :, None].repeat(3, axis=2)
    sample = warped(stored, warp.from_stored(SIDE, FIELD, size), size)[0].astype(np.float64)
    rows, columns = np.mgrid[:size, :size] + 0.5
    found = np.array([(sample * columns).sum(), (sample * rows).sum()]) / sample.sum()
    landmarks = points()
    landmarks[7] = x, y
    moved = warp.landmarks(landmarks, SIDE, FIELD, size)
    place = int(np.flatnonzero(MIRRORED == 7)[0]) if warp.flip else 7
    assert np.abs(moved[place] - found).max() < 0.02


def test_the_mirror_exchanges_the_halves_of_a_face() -> None:
    model = load_open_model(0)
    np.testing.assert_array_equal(model.mirror.numpy()[model.landmarks.numpy()], model.landmarks.numpy()[MIRRORED])
    np.testing.assert_array_equal(MIRRORED[MIRRORED], np.arange(68))


def test_a_flip_flipped_is_the_picture() -> None:
    flip = Warp(flip=True)
    np.testing.assert_allclose(flip.matrix(224) @ flip.matrix(224), np.eye(3), atol=1e-12)
    stored, landmarks = smooth_picture(), points()
    sample = warped(stored, flip.from_stored(SIDE, FIELD, 224), 224)
    plain = warped(stored, IDENTITY.from_stored(SIDE, FIELD, 224), 224)
    np.testing.assert_allclose(sample[:, :, ::-1], plain, atol=1e-6)
    once = flip.landmarks(landmarks, SIDE, 1.0, SIDE)
    np.testing.assert_allclose(once[MIRRORED], [SIDE, 0] + landmarks * [-1, 1], atol=1e-9)
    np.testing.assert_allclose(flip.landmarks(once, SIDE, 1.0, SIDE), landmarks, atol=1e-9)


@given(warp=WARPS, size=st.sampled_from([80, 224]))
def test_the_camera_follows(warp: Warp, size: int) -> None:
    camera = focus_camera(size)
    face = torch.tensor([[[30.0, -40.0, 950.0], [-50.0, 20.0, 1010.0], [0.0, 0.0, 1000.0]]], dtype=torch.float64)
    aligned = camera.project(face)[0].numpy()
    intrinsics = np.array([[camera.focal, 0, size / 2], [0, camera.focal, size / 2], [0, 0, 1]])
    seen = face[0].numpy() @ (warp.matrix(size) @ intrinsics).T
    # what the aligned crop shows at a pixel is stored around that pixel, and the warp takes it from there
    stored = (aligned - size / 2) * SIDE / (FIELD * size) + SIDE / 2
    matrix = warp.from_stored(SIDE, FIELD, size)
    np.testing.assert_allclose(stored @ matrix[:2, :2].T + matrix[:2, 2], seen[:, :2] / seen[:, 2:], atol=1e-8)


def test_directions_are_as_documented() -> None:
    right = np.array([200.0, 112.0, 1.0])
    np.testing.assert_allclose(Warp(rotation=math.pi / 2).matrix(224) @ right, [112, 200, 1])  # clockwise: down
    np.testing.assert_allclose(Warp(shift=(10, -5)).matrix(448) @ [0, 0, 1], [20, -10, 1])
    np.testing.assert_allclose(Warp(scale=0.5).matrix(224) @ right, [156, 112, 1])
    np.testing.assert_allclose(Warp(flip=True, rotation=math.pi / 2).matrix(224) @ right, [112, 24, 1])


def test_draws_fill_their_ranges_and_no_more() -> None:
    warps = [draw_warp(RELEASE, np.random.default_rng(seed)) for seed in range(2000)]
    for values, low, high in (
        ([warp.shift[0] for warp in warps], -10, 10),
        ([warp.shift[1] for warp in warps], -10, 10),
        ([warp.scale for warp in warps], 0.9, 1.1),
        ([math.degrees(warp.rotation) for warp in warps], -10, 10),
    ):
        width = high - low
        assert low <= min(values) < low + 0.01 * width
        assert high - 0.01 * width < max(values) <= high
        assert np.mean(values) == pytest.approx((low + high) / 2, abs=0.03 * width)
        assert np.std(values) == pytest.approx(width / math.sqrt(12), rel=0.05)  # uniform
    assert np.mean([warp.flip for warp in warps]) == pytest.approx(0.5, abs=0.04)
    assert (
        abs(
            np.corrcoef([(*warp.shift, warp.scale, warp.rotation, warp.flip) for warp in warps], rowvar=False)[
                np.triu_indices(5, 1)
            ]
        ).max()
        < 0.08
    )


def test_a_setting_leaves_the_draws_of_the_others() -> None:
    moved, all_of_them = AugmentationConfig(shift=10, flip=0.5), RELEASE
    for seed in range(20):
        one, other = (draw_warp(config, np.random.default_rng(seed)) for config in (moved, all_of_them))
        assert (one.shift, one.flip) == (other.shift, other.flip)
        assert (one.scale, one.rotation) == (1.0, 0.0)
