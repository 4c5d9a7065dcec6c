from __future__ import annotations

import colorsys

import numpy as np
import pytest
import torch

from seethrough import device_constants
from seethrough.fitting import skin_colour_mask
from seethrough.fitting.skin_colour import colour_gaussian, default_colour_models, lit_skin_colours, ycbcr


def test_skin_of_all_tones_is_skin_and_paint_is_not():
    photos = {(234, 192, 160): True, (198, 134, 98): True, (140, 86, 58): True, (92, 56, 40): True}
    paint = {(40, 80, 200): False, (30, 160, 60): False, (250, 250, 40): False, (90, 200, 220): False}
    for colour, expected in {**photos, **paint}.items():
        image = torch.tensor(colour, dtype=torch.float32).div(255)[None, :, None, None].expand(1, 3, 2, 2)
        assert bool((skin_colour_mask(image) > 0.5).all()) is expected, colour


def test_only_the_first_mask_sends_numbers_to_the_device(monkeypatch):
    kept: dict = {}
    monkeypatch.setattr(device_constants, "_KEPT", kept)
    image = torch.rand(1, 3, 4, 4)
    first, numbers = skin_colour_mask(image), dict(kept)
    for colours in default_colour_models():
        assert any(np.allclose(number, colours.mean) for number in kept.values() if number.shape == (3,))
        assert any(np.allclose(number, np.linalg.inv(colours.covariance)) for number in kept.values())
    assert torch.equal(skin_colour_mask(image), first) and kept.keys() == numbers.keys()


def test_hues_round_the_circle():
    # Only a part of the circle, around orange, may be skin.
    hues = np.linspace(0, 1, 72, endpoint=False)
    image = torch.tensor([colorsys.hsv_to_rgb(hue, 0.4, 0.75) for hue in hues], dtype=torch.float32).T[None, :, None]
    called = hues[skin_colour_mask(image)[0, 0, 0].numpy() > 0.5] * 360
    assert 0 < len(called) < 20
    assert all(hue < 65 or hue > 325 for hue in called)


def test_estimated_gaussian_is_the_one_that_colours_came_from():
    mean, deviation = np.array([0.6, -0.05, 0.1]), np.array([0.05, 0.02, 0.03])
    drawn = np.random.default_rng(3).normal(mean, deviation, (50_000, 3))
    back = np.linalg.inv(ycbcr(torch.eye(3, dtype=torch.float64)).T.numpy())
    model = colour_gaussian(drawn @ back.T)
    assert model.mean == pytest.approx(mean, abs=2e-3)
    assert np.sqrt(np.diag(model.covariance)) == pytest.approx(deviation, rel=0.03)
    at_mean = model.log_density(torch.from_numpy(mean))
    one_off = model.log_density(torch.from_numpy(mean + np.array([0, 0.02, 0])))
    assert (at_mean - one_off).item() == pytest.approx(0.5, abs=0.03)
    with pytest.raises(ValueError, match="in a plane"):
        colour_gaussian(np.ones((10, 3)))


def test_probability_keeps_shape_range_and_prior():
    image = torch.rand(2, 3, 5, 7, generator=torch.Generator().manual_seed(0))
    half, sure = skin_colour_mask(image), skin_colour_mask(image, prior=0.9)
    assert half.shape == (2, 1, 5, 7) and half.dtype == image.dtype
    assert bool((sure >= half).all()) and bool((half >= 0).all()) and bool((sure <= 1).all())


def test_lit_colours_are_colours():
    colours = lit_skin_colours(1000, np.random.default_rng(1))
    assert colours.shape == (1000, 3) and colours.min() >= 0 and colours.max() <= 1
    assert (colours[:, 0] >= colours[:, 2]).mean() > 0.9  # skin is redder than blue
