"""Skin colours for a face model that comes without any: tone, regions, and smooth symmetric stains."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

_SKIN = np.array([0.72, 0.55, 0.46])
_REGION_TINT = {
    "lips": np.array([-0.04, -0.17, -0.13]),
    "brows": np.array([-0.36, -0.30, -0.25]),
    "cheeks": np.array([0.03, -0.02, -0.01]),
}
# Dark to light skin keeps red longest; the second axis runs from pale to ruddy, the third from cool to warm.
_TONE_AXES = np.array([[0.11, 0.12, 0.125], [0.020, -0.010, -0.007], [0.006, 0.004, -0.026]])
_REGION_MODES = {
    "lips": np.array([0.05, -0.05, -0.03]),
    "brows": np.array([0.13, 0.12, 0.11]),
    "cheeks": np.array([0.03, -0.03, -0.025]),
    "eyes": np.array([0.05, 0.05, 0.05]),
    "nose": np.array([0.03, -0.015, -0.015]),
}
_LUMINANCE = np.array([1.0, 1.0, 1.0])
_REDNESS = np.array([1.0, -0.6, -0.5])
_WAVES = 6
# Much more than this and some of the faces turn green.
_REDNESS_SHARE = 0.25


def procedural_albedo(uv: np.ndarray, regions: Mapping[str, np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """Make a mean albedo and an albedo basis out of nothing but geometry.

    No statistics of real skin are behind it: ICT-FaceKit, and every openly licensed model, has shape only. There are
    three tone axes of the whole face, one mode for each region, and cosines across the face that are smooth and
    mirror-symmetric, each in luminance and in redness, weaker as they get finer.

    Args:
        uv: (V, 2) cylindrical coordinates in [0, 1], u = 0.5 on the midline (not an artist's unwrapping).
        regions: name -> (V,) weights; ``lips``, ``brows``, ``cheeks``, ``eyes`` and ``nose`` are used where present.

    Returns:
        Mean (V, 3) RGB in [0, 1], and basis (A, V, 3) RGB per standard deviation.
    """
    count = len(uv)
    mean = np.broadcast_to(_SKIN, (count, 3)).copy()
    for name, tint in _REGION_TINT.items():
        if name in regions:
            mean += regions[name][:, None] * tint
    modes = [np.broadcast_to(axis, (count, 3)) for axis in _TONE_AXES]
    modes += [regions[name][:, None] * colour for name, colour in _REGION_MODES.items() if name in regions]

    side, height = np.abs(2 * uv[:, 0] - 1), uv[:, 1]
    orders = sorted(((i, j) for i in range(_WAVES) for j in range(_WAVES)), key=lambda order: (sum(order), order))
    for i, j in orders[1 : _WAVES * (_WAVES + 1) // 2]:
        wave = np.cos(np.pi * i * side) * np.cos(np.pi * j * height)
        strength = 0.022 / (i + j)
        modes += [wave[:, None] * _LUMINANCE * strength, wave[:, None] * _REDNESS * strength * _REDNESS_SHARE]
    return mean.clip(0, 1), np.stack(modes)
