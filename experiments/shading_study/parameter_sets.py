"""The sets of parameters that are compared: the released ones, the default, and the default less one thing each."""

from __future__ import annotations

from dataclasses import replace

from seethrough.details.shading import PRESETS, ShadingSettings

_DEFAULT = PRESETS["default"]

PARAMETER_SETS: dict[str, ShadingSettings | None] = {
    "nothing": None,
    "ivcam": PRESETS["ivcam"],
    "kinect": PRESETS["kinect"],
    "kinect, albedo_smoothness=100": replace(PRESETS["kinect"], albedo_smoothness=100.0),
    "default": _DEFAULT,
    "default, darkening=0": replace(_DEFAULT, darkening=0.0),
    "default, bend=0": replace(_DEFAULT, bend=0.0),
    "default, outlier_contrast=0": replace(_DEFAULT, outlier_contrast=0.0),
    "default, linearisation=frozen": replace(_DEFAULT, linearisation="frozen", light_order=1),
    "default, released depth weights": replace(_DEFAULT, closeness=0.004, smoothness=0.0075, bend=0.0, pixel=0.0),
}

SHOWN = ("nothing", "kinect", "default", "default, released depth weights")
"""Those that pictures show."""
