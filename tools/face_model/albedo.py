"""A made-up albedo model: a painted mean face, named axes of human colouring, and smooth symmetric variation."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tools.face_model.regions import LASH_RING, Anatomy, bump, regions, rise

Array = NDArray[np.float64]

# sRGB values as a camera would show them under a light of strength one.
SKIN = np.array([0.70, 0.525, 0.435])
LIPS = np.array([0.60, 0.335, 0.315])
BROWS = np.array([0.235, 0.165, 0.125])
LASHES = np.array([0.14, 0.095, 0.08])
SCLERA = np.array([0.80, 0.765, 0.745])
IRIS = np.array([0.27, 0.185, 0.125])
PUPIL = np.array([0.03, 0.028, 0.028])
MOUTH_INSIDE = np.array([0.19, 0.085, 0.08])
TEETH = np.array([0.76, 0.71, 0.64])  # darker than enamel: lips and cheeks keep light from them
LID_EDGE = np.array([0.55, 0.33, 0.30])
NOSTRIL = np.array([0.22, 0.11, 0.09])

PUPIL_ANGLE, IRIS_ANGLE = 7.5, 20.5  # degrees from the gaze axis


def blend(colour: Array, over: Array, weight: Array) -> Array:
    """Return (V, 3) colours with a colour laid over them where the (V,) weight is one."""
    return colour * (1 - weight[:, None]) + over * weight[:, None]


def _lash_weight(face: Anatomy) -> Array:
    """Return the darkness of the lid line: strong on the upper lid, faint on the lower one."""
    upper = rise(face.lid_ring, LASH_RING + 1.1, LASH_RING + 0.3) * face.upper_lid
    lower = 0.55 * rise(face.lid_ring, LASH_RING + 0.6, LASH_RING - 0.4) * ~face.upper_lid
    inner_corner = rise(np.abs(face.points[:, 0]), 17.5, 21.5)
    return np.maximum(upper, lower) * (0.25 + 0.75 * inner_corner)


def _beard(face: Anatomy) -> Array:
    """Return where a beard grows: upper lip, chin and along the jaw."""
    p = face.points
    x, y = np.abs(p[:, 0]), p[:, 1]
    edge = np.interp(x, [0, 30, 50, 75], [-44.0, -38, -24, 25])
    jaw = rise(y, edge + 9, edge - 11)
    moustache = rise(x, 34, 20) * rise(y, -12.5, -21) * rise(y, -52, -40)
    return np.maximum(jaw, moustache) * (1 - face.lips) * (1 - face.mouth) * ~face.eyeball


def _nostril(face: Anatomy) -> Array:
    """Return 1 inside the nostrils."""
    arm = np.stack([np.abs(face.points[:, 0]) - 9.3, face.points[:, 1] + 4.9, face.points[:, 2] - 24.5], 1)
    return rise(np.linalg.norm(arm / np.array([3.6, 1.7, 4.4]), axis=1), 1.25, 0.75)


def mean_albedo(face: Anatomy) -> Array:
    """Return the painted mean (V, 3): RGB in [0, 1]."""
    p = face.points
    part = regions(face)
    colour = np.broadcast_to(SKIN, p.shape).copy()
    blush = 0.55 * bump(p, 36, 2, 22, 20) + 0.8 * bump(p, 0, -2, 15, 10) + 0.35 * bump(p, 0, -62, 18, 12)
    colour += blush[:, None] * np.array([0.02, -0.035, -0.03])
    colour += (part["forehead"] * 0.015)[:, None] * np.array([1.0, 1.0, 0.6])
    socket = 0.75 * bump(p, 30, 26, 13, 6) + 0.6 * bump(p, 17, 37, 6, 9) + 0.65 * bump(p, 32, 45, 16, 4.5)
    colour -= socket[:, None] * np.array([0.06, 0.065, 0.055])
    colour -= (0.4 * bump(p, 22, -13, 4, 10) + 0.5 * bump(p, 0, -56, 16, 4.5))[:, None] * np.array([0.06, 0.06, 0.05])
    colour -= (_beard(face) * 0.035)[:, None] * np.array([1.0, 0.9, 0.7])
    edge = rise(p[:, 2], -40, -66)
    colour -= edge[:, None] * np.array([0.03, 0.03, 0.025])
    lips = LIPS - 0.10 * rise(face.lip_distance, 2.6, 0.6)[:, None] * np.array([1.0, 0.8, 0.75])
    colour = blend(colour, lips, 0.9 * part["lips"])
    colour = blend(colour, NOSTRIL, 0.95 * _nostril(face))
    colour = blend(colour, BROWS, 0.82 * part["brows"])
    colour = blend(colour, LID_EDGE, 0.7 * rise(face.lid_ring, LASH_RING + 0.2, LASH_RING - 0.8))
    colour = blend(colour, LASHES, 0.85 * _lash_weight(face))
    colour = blend(colour, MOUTH_INSIDE, np.clip(1.6 * face.mouth, 0, 1))
    return _paint_eyes(_paint_teeth(colour, face), face)


def _teeth(face: Anatomy) -> Array:
    """Return the brightness of the teeth relative to the upper incisors: the cheeks shade those farther back."""
    side = rise(np.abs(face.points[:, 0]), 27, 10)
    return (face.upper_teeth + 0.85 * face.lower_teeth) * (0.35 + 0.65 * side)


def _paint_teeth(colour: Array, face: Anatomy) -> Array:
    return blend(colour, TEETH, _teeth(face))


def _paint_eyes(colour: Array, face: Anatomy) -> Array:
    angle = face.gaze_angle
    shade = 1 - 0.3 * rise(face.lid_distance, 4.5, 0.5) * np.where(face.upper_lid, 1.0, 0.45)
    eye = np.broadcast_to(SCLERA, colour.shape) * shade[:, None]
    corner = rise(angle, 34, 60)
    eye = eye - corner[:, None] * np.array([0.08, 0.15, 0.15])
    streak = 1 + 0.5 * rise(angle, PUPIL_ANGLE + 6, PUPIL_ANGLE + 1) - 0.55 * rise(angle, IRIS_ANGLE - 5, IRIS_ANGLE)
    eye = blend(eye, IRIS * streak[:, None] * shade[:, None], rise(angle, IRIS_ANGLE + 2.2, IRIS_ANGLE - 0.8))
    eye = blend(eye, PUPIL, rise(angle, PUPIL_ANGLE + 1.2, PUPIL_ANGLE - 1.2))
    return np.where(face.eyeball[:, None], eye, colour)


def named_modes(face: Anatomy) -> list[Array]:
    """Return the named axes of colouring, each (V, 3) for one standard deviation."""
    p = face.points
    part = regions(face)
    skin = part["skin"] * (1 - 0.8 * _lash_weight(face)) * (1 - 0.8 * _nostril(face))
    iris = (
        face.eyeball
        * rise(face.gaze_angle, IRIS_ANGLE + 2, IRIS_ANGLE - 1)
        * rise(face.gaze_angle, PUPIL_ANGLE - 1, PUPIL_ANGLE + 1.5)
    )
    white = face.eyeball * rise(face.gaze_angle, IRIS_ANGLE, IRIS_ANGLE + 3)
    tooth = _teeth(face)
    lips, brows, beard = part["lips"], part["brows"], _beard(face)
    under_eye = bump(p, 30, 26, 13, 6) * skin
    lid = bump(p, 32, 45, 15, 5) * skin

    def mode(*terms: tuple[Array, tuple[float, float, float]]) -> Array:
        return sum((weight[:, None] * np.array(colour) for weight, colour in terms), np.zeros_like(p))

    return [
        # melanin: skin from light to dark, with lips, brows and irises that go with it
        mode(
            (skin, (0.13, 0.12, 0.107)),
            (lips, (0.09, 0.06, 0.06)),
            (brows, (0.05, 0.04, 0.03)),
            (iris, (0.03, 0.035, 0.035)),
        ),
        mode((skin, (0.011, -0.008, -0.006)), (lips, (0.010, -0.006, -0.003))),  # blood
        mode((skin, (0.005, 0.002, -0.013)), (lips, (0.004, 0.0, -0.008))),  # golden or pink undertone
        mode((lips, (0.028, -0.026, -0.016))),  # redness of the lips
        mode((lips, (-0.045, -0.04, -0.036))),  # depth of the lips
        mode((brows, (0.055, 0.045, 0.035))),  # dark or fair brows
        mode((bump(p, 36, 2, 18, 15) * skin, (0.013, -0.018, -0.013))),  # blush
        mode((bump(p, 0, -1, 13, 10) * skin, (0.01, -0.017, -0.012))),  # red nose
        mode((beard * skin, (-0.055, -0.045, -0.034))),  # stubble
        mode((under_eye, (-0.032, -0.035, -0.024))),  # rings under the eyes
        mode((lid, (-0.035, -0.038, -0.03))),  # dark lids
        mode((iris, (-0.01, 0.055, 0.105))),  # brown or blue eyes
        mode((iris, (0.055, 0.05, 0.04))),  # dark or light eyes
        mode((white, (-0.035, -0.045, -0.05))),  # clear or dull whites
        mode(
            (np.clip(1.6 * face.mouth, 0, 1) * (1 - tooth), (0.10, 0.075, 0.07)), (tooth, (0.14, 0.14, 0.135))
        ),  # mouth
        mode((part["forehead"] * skin, (0.03, 0.03, 0.03))),  # a sunlit or shaded forehead
    ]


def sorted_by_size(modes: list[Array], weights: Array) -> Array:
    """Return the modes as (A, V, 3), the one that changes the picture most first."""
    stacked = np.stack(modes)
    order = np.argsort(-np.sqrt(((stacked**2).sum(2) * weights).sum(1)), kind="stable")
    return stacked[order]
