"""Teeth and tongue: what an open mouth shows, and no face model has."""

from __future__ import annotations

import math

import numba
import numpy as np

from datamodules.synthetic.light import irradiance
from datamodules.synthetic.scene import Scene
from datamodules.synthetic.streams import Factor

# Distances on a face whose outer eye corners are 87 mm apart, mm.
_EYE_CORNERS = 87.0
_EDGE_UNDER_NOSE, _EDGE_OVER_CHIN, _BEHIND_NOSE = 24.0, 42.5, 11.0


def mouth_inside(
    marks: np.ndarray,
    rotation: np.ndarray,
    origin: np.ndarray,
    focal: float,
    strength: float,
    scene: Scene,
    light: np.ndarray,
) -> np.ndarray:
    """Describe the rows of teeth of one face for :func:`paint_mouth`.

    The upper row hangs under the nose and the lower one stands over the chin, so that the jaw parts them. Both lie on
    an upright elliptic cylinder behind the lips.

    Args:
        marks: (68, 3) landmarks in the model frame, mm.
        rotation: (3, 3) model frame -> camera frame.
        origin: (3,) mm, camera frame.
        focal: px of the picture, not of its sub-pixels.
        strength: 0 to leave the mouth as the model has it.
        scene: its own stream draws the colours.
        light: (3, 9) polynomial of the light.

    Returns:
        (28,) float64: rotation (9), origin (3), focal in sub-pixels, strength, middle, front, half width and half depth
        of the cylinder, edges of the upper and lower teeth, mm, scale, width of a tooth, lit teeth (3) and tongue (3).
    """
    rng = scene.stream(Factor.TEETH)
    scale = float(np.linalg.norm(marks[45] - marks[36])) / _EYE_CORNERS
    teeth = np.clip(rng.uniform(0.55, 0.85) * np.array([1.0, 0.95, 0.84]) + rng.normal(0, 0.015, 3), 0, 1)
    tongue = np.clip(np.array([0.62, 0.3, 0.29]) + rng.normal(0, 0.05, 3), 0.05, 1)
    facing = np.empty((1, 3), np.float32)
    irradiance(light, np.ascontiguousarray(rotation[:, 2], np.float32)[None], facing)
    upper = marks[33, 1] - (_EDGE_UNDER_NOSE + rng.normal(0, 1.2)) * scale
    lower = marks[8, 1] + (_EDGE_OVER_CHIN + rng.normal(0, 1.2)) * scale
    numbers = [focal * 2, strength, marks[33, 0], marks[33, 2] - _BEHIND_NOSE * scale, 25.0 * scale, 33.0 * scale]
    numbers += [upper, lower, scale, rng.uniform(6.6, 8.2) * scale]
    # Lips that are hardly parted keep the light off.
    facing *= 0.3 + 0.7 * min(max(float(marks[62, 1] - marks[66, 1]), 0.0) / (7.0 * scale), 1.0)
    parts = (rotation.ravel(), origin, numbers, teeth * facing[0], tongue * facing[0])
    return np.concatenate(parts).astype(np.float64)


@numba.njit(cache=True)
def paint_mouth(x, y, depth, inside, colour):
    """Paint teeth and tongue over the lining of the mouth on one sub-pixel.

    Args:
        x: sub-pixels to the right of the middle of the picture.
        y: sub-pixels below it.
        depth: mm, of the lining.
        inside: (28,) see :func:`mouth_inside`.
        colour: (3,) of the lining, changed in place.
    """
    if inside[13] <= 0:
        return
    dx, dy = x / inside[12], y / inside[12]
    middle, front, wide, deep = inside[14], inside[15], inside[16], inside[17]
    upper, lower, scale, tooth = inside[18], inside[19], inside[20], inside[21]
    # The ray in the model frame.
    ox = -(inside[0] * inside[9] + inside[3] * inside[10] + inside[6] * inside[11]) - middle
    oy = -(inside[1] * inside[9] + inside[4] * inside[10] + inside[7] * inside[11])
    oz = -(inside[2] * inside[9] + inside[5] * inside[10] + inside[8] * inside[11]) - (front - deep)
    rx = inside[0] * dx + inside[3] * dy + inside[6]
    ry = inside[1] * dx + inside[4] * dy + inside[7]
    rz = inside[2] * dx + inside[5] * dy + inside[8]
    aa = (rx / wide) ** 2 + (rz / deep) ** 2
    bb = ox * rx / wide**2 + oz * rz / deep**2
    cc = (ox / wide) ** 2 + (oz / deep) ** 2 - 1
    root = bb * bb - aa * cc
    if root <= 0:
        return
    t = (-bb - math.sqrt(root)) / aa
    across, height, ahead = ox + t * rx, oy + t * ry, (oz + t * rz) / deep
    # The gap between the rows is dark towards the throat; the tongue lies on its floor.
    gap = max(upper - lower, 1.0)
    if height < upper and height > lower - 2 * scale:
        rise = (height - lower) / (0.8 * gap)
        side = 1 - (across / (0.9 * wide)) ** 2
        weight = inside[13] * min(max(1.6 * (1 - rise) * side, 0.0), 1.0) * 0.75
        for k in range(3):
            colour[k] += weight * ((0.85 - 0.5 * min(max(rise, 0.0), 1.0)) * inside[25 + k] - colour[k])
    bite = 0.5 * scale * math.sin(math.pi * across / tooth) ** 2
    above = height >= upper - bite and height <= upper + 10 * scale
    below = height <= lower + bite and height >= lower - 9 * scale
    if ahead <= 0.1 or t > depth or not (above or below):
        return
    from_edge = height - upper if above else lower - height
    light = (0.25 + 0.75 * ahead) * (0.9 if above else 0.7) * (1 - 0.03 * from_edge / scale)
    part = across / tooth
    beside = abs(part - math.floor(part + 0.5)) * tooth
    if beside < 0.5 * scale:
        light *= 0.62 + 0.38 * beside / (0.5 * scale)
    for k in range(3):
        colour[k] += inside[13] * (light * inside[22 + k] - colour[k])
