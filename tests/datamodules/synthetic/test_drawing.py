from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from datamodules.synthetic.layers import Layer, Stencil, blurred, contact_shadow, convex_hull, rounded
from datamodules.synthetic.occluders.capsules import draw_capsules
from datamodules.synthetic.occluders.fringe import draw_locks
from datamodules.synthetic.occluders.lettering import ALPHABET, random_word, word_strokes
from datamodules.synthetic.sensor import blur_colour, develop, expose, quantise, taps
from datamodules.synthetic.textures import TEXTURE_SIZE, TextureBank, cut, made_textures, tint


@pytest.fixture(scope="module")
def textures() -> TextureBank:
    return TextureBank(5)


def test_textures_are_periodic_and_fill_their_range(textures: TextureBank) -> None:
    assert textures.fields.min() >= 0
    assert textures.fields.max() <= 1
    assert (textures.fields.std((1, 2)) > 0.05).all()
    for grain in ("smooth", "cloudy", "strand", "cell", "stripe", "shapes"):
        for number in textures.grains[grain]:
            field = textures.fields[number]
            inner = np.abs(np.diff(field, axis=0)).max()
            assert np.abs(field[0] - field[-1]).max() <= inner + 1e-6, grain


def test_a_seed_gives_its_textures(textures: TextureBank) -> None:
    made_textures.cache_clear()
    np.testing.assert_array_equal(TextureBank(5).fields, textures.fields)
    assert not np.array_equal(TextureBank(6).fields, textures.fields)


def test_cutting_along_the_axes_copies(textures: TextureBank) -> None:
    patch = cut(field := textures.fields[0], 9, 120.0, 3.0, 1.0, 0.0, 1.0)
    rows, columns = np.arange(3, 12), np.arange(120, 129) % TEXTURE_SIZE
    np.testing.assert_allclose(patch, field[np.ix_(rows, columns)], atol=1e-6)


def test_tint_ends_at_its_two_colours() -> None:
    low, high = np.array([0.1, 0.2, 0.3]), np.array([0.9, 0.5, 0.0])
    np.testing.assert_allclose(tint(np.array([[0.0, 1.0]], np.float32), low, high)[0], [low, high], atol=1e-6)


@pytest.mark.parametrize("kinds", [(np.float64, np.float64), (np.float32, np.float64), (np.float32, np.float32)])
def test_tint_rounds_once_at_the_end(kinds: tuple[type, type]) -> None:
    random = np.random.default_rng(0)
    field = random.random((7, 9), np.float32)
    low, high = (random.random(3).astype(kind) for kind in kinds)
    mixed = (low + field[..., None] * (high - low)).astype(np.float32)  # pools hold what this gives, to the last bit
    np.testing.assert_array_equal(tint(field, low, high), mixed)


@given(x=st.floats(6, 24), y=st.floats(6, 24), width=st.floats(1, 5), height=st.floats(1, 5))
def test_a_stencil_covers_the_area_of_its_polygon(x: float, y: float, width: float, height: float) -> None:
    half = np.array([width, height])
    corners = np.array([x, y]) + half * np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]])
    alpha = Stencil(32).polygon(corners).alpha()
    area = 4 * width * height
    # Edges fall on quarters of a pixel.
    assert abs(alpha.sum() - area) <= 0.3 * 4 * (width + height) + 0.3
    rows, columns = np.mgrid[:32, :32] + 0.5
    assert abs((alpha * columns).sum() / alpha.sum() - x) < 0.35
    assert abs((alpha * rows).sum() / alpha.sum() - y) < 0.35


def test_a_layer_hides_by_its_opacity_and_darkens_by_its_shadow() -> None:
    colour = np.full((1, 3, 3), 0.9, np.float32)
    layer = Layer(colour, np.array([[0.0, 0.25, 1.0]], np.float32), np.array([[0.5, 0.2, 0.7]], np.float32))
    result = layer.over(np.full((1, 3, 3), 0.4, np.float32))
    np.testing.assert_allclose(result[0, :, 0], [0.2, 0.4 * 0.8 * 0.75 + 0.225, 0.9], atol=1e-6)


def test_blurring_keeps_the_mean_of_a_shape_inside() -> None:
    alpha = np.zeros((41, 41), np.float32)
    alpha[18:23, 18:23] = 1
    assert blurred(alpha, 2.0).sum() == pytest.approx(25, rel=0.03)


def test_rounding_stays_within_the_polygon() -> None:
    square = np.array([[0.0, 0], [4, 0], [4, 4], [0, 4]])
    smooth = rounded(square, 3)
    assert smooth.shape == (32, 2)
    assert smooth.min() >= 0
    assert smooth.max() <= 4
    np.testing.assert_allclose(smooth.mean(0), [2, 2])


def test_the_hull_holds_all_points_and_nothing_more() -> None:
    rng = np.random.default_rng(3)
    corners = np.array([[0.0, 0], [9, 1], [10, 8], [1, 7]])
    inside = rng.dirichlet(np.ones(4), 50) @ corners
    hull = convex_hull(rng.permutation(np.concatenate([corners, inside])))
    assert sorted(map(tuple, hull)) == sorted(map(tuple, corners))
    edges = np.roll(hull, -1, axis=0) - hull
    following = np.roll(edges, -1, axis=0)
    assert (edges[:, 0] * following[:, 1] - edges[:, 1] * following[:, 0] > 0).all()


def test_a_contact_shadow_lies_near_its_shape() -> None:
    alpha = np.zeros((60, 60), np.float32)
    alpha[25:35, 25:35] = 1
    for seed in range(5):
        shadow = contact_shadow(alpha, np.random.default_rng(seed))
        assert 0.02 < shadow.max() <= 0.5
        assert shadow[:12].max() == 0
        rows = np.arange(60) + 0.5
        assert (shadow.sum(1) * rows).sum() / shadow.sum() > 29.5  # not above: light comes from above


def test_a_shadow_falls_away_from_the_light() -> None:
    alpha = np.zeros((60, 60), np.float32)
    alpha[25:35, 25:35] = 1
    places = np.arange(60) + 0.5
    for towards in ((1.0, 0.0), (-1.0, 0.0), (0.0, -1.0)):
        shifts = []
        for seed in range(20):
            shadow = contact_shadow(alpha, np.random.default_rng(seed), towards=np.array(towards))
            x, y = (shadow.sum(axis) @ places / shadow.sum() - 30 for axis in (0, 1))
            shifts.append(np.array([x, y]) @ towards)
        assert np.mean(shifts) > 0.8


def test_words_have_outlines_and_vowels() -> None:
    for seed in range(30):
        word = random_word(np.random.default_rng(seed), 6)
        assert len(word) == 6
        assert word.isdigit() or 2 <= sum(letter in "AEIOUY" for letter in word) <= 4
        strokes, length = word_strokes(word)
        points = np.concatenate(strokes)
        assert points.min() >= 0
        assert points[:, 0].max() <= length + 1e-9
        assert points[:, 1].max() <= 6
    assert all(len(stroke) > 1 for strokes in ALPHABET.values() for stroke in strokes)


def test_a_capsule_without_length_is_a_disc() -> None:
    alpha, creases = np.empty((21, 21), np.float32), np.empty((21, 21), np.float32)
    normals = np.empty((21, 21, 3), np.float32)
    draw_capsules(np.array([[10.5, 10.5, 6.0, 10.5, 10.5, 6.0, 0.0]]), 21, alpha, normals, creases)
    assert alpha.sum() == pytest.approx(np.pi * 36, rel=0.02)
    np.testing.assert_allclose(normals[10, 10], [0, 0, -1], atol=1e-6)
    np.testing.assert_allclose(np.linalg.norm(normals, axis=-1), 1, atol=1e-5)
    assert normals[10, 14, 0] > 0.5
    assert normals[14, 10, 1] > 0.5


def test_the_nearer_capsule_hides_the_other() -> None:
    far, near = [10.5, 2, 4, 10.5, 19, 4, 0.0], [2, 10.5, 3, 19, 10.5, 3, 9.0]
    results = []
    for order in ([far, near], [near, far]):
        arrays = np.empty((21, 21), np.float32), np.empty((21, 21, 3), np.float32), np.empty((21, 21), np.float32)
        draw_capsules(np.array(order), 21, *arrays)
        results.append(arrays[1][12, 10])
    np.testing.assert_allclose(results[0], results[1], atol=1e-6)
    assert results[0][1] > 0.3  # leans down, as the lying one does there


def test_a_lock_covers_its_line() -> None:
    points = np.array([[[3.0, 4.5], [12.0, 4.5]]])
    alpha, tone = np.zeros((9, 16), np.float32), np.ones((9, 16), np.float32)
    draw_locks(points, np.full((1, 2), 1.5), np.array([0.5]), alpha.reshape(9, 16)[:, :9].copy(), tone[:, :9].copy())
    square, bright = np.zeros((16, 16), np.float32), np.ones((16, 16), np.float32)
    draw_locks(points, np.full((1, 2), 1.5), np.array([0.5]), square, bright)
    assert square[4, 3:12].min() == 1
    assert square[8:].max() == 0
    assert bright[4, 6] < 0.55


def test_the_sensor_passes_an_even_grey_on() -> None:
    grey = np.full((12, 12, 3), 0.4, np.float32)
    curve = np.linspace(0, 1, 513).astype(np.float32)
    out = np.empty_like(grey)
    develop(grey, np.ones(3, np.float32), curve, np.float32(1.3), out)
    np.testing.assert_allclose(out, 0.4, atol=1e-6)
    np.testing.assert_allclose(blur_colour(out, taps(1.3)), 0.4, atol=1e-6)
    assert taps(0.0).tolist() == [0.0, 1.0, 0.0]
    pixels = np.empty((12, 12, 3), np.uint8)
    quantise(out, np.zeros(100, np.float32), 0, np.float32(0.1), pixels)
    assert (pixels == 102).all()


@pytest.mark.parametrize("radius", [0.4, 1.3, 8.0])
def test_a_blur_adds_up_its_neighbours_from_first_to_last(radius: float) -> None:
    picture, weights = np.random.default_rng(0).random((11, 11, 3), np.float32), taps(radius)
    reach = len(weights) // 2
    blurred_picture = picture
    for axis in (1, 0):
        total = np.zeros_like(picture)
        for k, weight in enumerate(weights):  # in this order: pools hold the pictures to the last bit
            total += weight * blurred_picture.take(np.clip(np.arange(11) + k - reach, 0, 10), axis)
        blurred_picture = total
    np.testing.assert_array_equal(blur_colour(picture, weights), blurred_picture)


def test_saturation_moves_colours_away_from_their_grey() -> None:
    picture = np.full((2, 2, 3), (0.2, 0.4, 0.6), np.float32)
    curve = np.linspace(0, 1, 513).astype(np.float32)
    out = np.empty_like(picture)
    develop(picture, np.ones(3, np.float32), curve, np.float32(0.0), out)
    np.testing.assert_allclose(out, 0.4, atol=1e-5)
    develop(picture, np.ones(3, np.float32), curve, np.float32(1.5), out)
    np.testing.assert_allclose(out[0, 0], (0.1, 0.4, 0.7), atol=1e-5)


def test_noise_has_its_deviation(textures: TextureBank) -> None:
    pixels = np.empty((64, 64, 3), np.uint8)
    quantise(np.full((64, 64, 3), 0.5, np.float32), textures.noise, 11, np.float32(0.02), pixels)
    # One common part and a half of an own one: sqrt(1 + 1/4).
    assert pixels.std() / 255 == pytest.approx(0.02 * 1.118, rel=0.05)


def test_exposure_keeps_the_order_of_light(textures: TextureBank) -> None:
    ramp = np.repeat(np.repeat(np.linspace(0, 1, 4), 8)[None, :, None], 32, 0).repeat(3, 2).astype(np.float32)
    for index in range(10):
        pixels = expose(ramp, textures, np.random.default_rng(index)).astype(float)
        steps = pixels.mean((0, 2)).reshape(4, 8)[:, 3:5].mean(1)
        assert (np.diff(steps) > 10).all()
