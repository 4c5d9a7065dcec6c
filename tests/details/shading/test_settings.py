from __future__ import annotations

from dataclasses import replace

import pytest

from seethrough.details.shading import PRESETS, ShadingSettings, shading_preset
from seethrough.errors import SeethroughError


def test_the_released_parameters() -> None:
    ivcam, kinect = shading_preset("ivcam"), shading_preset("kinect")
    assert replace(ivcam, albedo_smoothness=10.0) == kinect
    assert (ivcam.albedo_smoothness, ivcam.local_smoothness, ivcam.local_size) == (0.1, 1.0, 1.0)
    assert (ivcam.closeness, ivcam.smoothness) == (0.004, 0.0075)
    assert (ivcam.grey_cut, ivcam.grey_variance, ivcam.depth_variance) == (0.05, 0.05, 50.0)
    assert ivcam.bilateral == (9, 8.0, 15.0)
    assert (ivcam.light_order, ivcam.linearisation, ivcam.smooth, ivcam.darkening) == (1, "frozen", "depth", 0.0)
    assert (ivcam.bend, ivcam.steps) == (0.0, 3)


def test_the_default_preset_is_the_default() -> None:
    assert PRESETS["default"] == ShadingSettings()


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"closeness": 0.0}, "closeness must be positive"),
        ({"smoothness": -1.0}, "smoothness must not be negative"),
        ({"albedo_smoothness": float("nan")}, "albedo_smoothness must not be negative"),
        ({"smooth": "both"}, "choose one of depth, bump"),
        ({"light_order": 3}, "choose one of 1, 2"),
        ({"linearisation": "frozen"}, "needs light_order 1"),
        ({"steps": 0}, "steps must be at least 1"),
    ],
)
def test_mistakes_are_told(changes: dict, told: str) -> None:
    with pytest.raises(SeethroughError, match=told):
        replace(ShadingSettings(), **changes)


def test_the_default_follows_the_size_of_the_pixels_and_the_released_sets_do_not() -> None:
    large = ShadingSettings(smoothness=0.1, bend=0.01, pixel=0.5).at(1.0)
    assert large.bend == pytest.approx(0.04)
    assert large.smoothness == pytest.approx(0.1 / 16)
    assert large.closeness == ShadingSettings().closeness
    assert large.at(0.5).albedo_smoothness == pytest.approx(ShadingSettings().albedo_smoothness)
    assert shading_preset("kinect").at(1.0) == shading_preset("kinect")


def test_unknown_presets_are_told() -> None:
    with pytest.raises(SeethroughError, match="unknown shading preset 'focus': choose one of default, kinect, ivcam"):
        shading_preset("focus")
