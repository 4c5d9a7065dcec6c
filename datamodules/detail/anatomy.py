"""Named places of a face on its unrolled skin."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

SIDES = (-1, 1)
"""The viewer's left and right."""


@dataclass(frozen=True)
class Anatomy:
    """Places of a face on its chart, mm; pairs hold the viewer's left (-x) first.

    Attributes:
        brows: (2, 5, 2) from the middle outwards.
        outer_eye: (2, 2) outer corners.
        inner_eye: (2, 2) inner corners.
        upper_lid: (2, 4, 2) from the inner to the outer corner.
        lower_lid: (2, 4, 2) from the inner to the outer corner.
        wing: (2, 2) where the wings of the nose meet the lip.
        corner: (2, 2) of the mouth.
        jaw: (2, 9, 2) from the ear down to the chin.
        nasion: (2,) root of the nose.
        nose_tip: (2,).
        lip_top: (2,) middle of the upper edge of the upper lip.
        lip_bottom: (2,) middle of the lower edge of the lower lip.
        chin: (2,) lowest landmark.
        hairline: mm, height of the upper border of the skin.
    """

    brows: np.ndarray
    outer_eye: np.ndarray
    inner_eye: np.ndarray
    upper_lid: np.ndarray
    lower_lid: np.ndarray
    wing: np.ndarray
    corner: np.ndarray
    jaw: np.ndarray
    nasion: np.ndarray
    nose_tip: np.ndarray
    lip_top: np.ndarray
    lip_bottom: np.ndarray
    chin: np.ndarray
    hairline: float


def anatomy(landmarks: np.ndarray, top: float) -> Anatomy:
    """Name the (68, 2) iBUG landmarks on the chart; ``top`` is the height of the skin's upper border, mm."""
    at = landmarks.astype(np.float64)
    return Anatomy(
        brows=np.stack([at[[21, 20, 19, 18, 17]], at[22:27]]),
        outer_eye=at[[36, 45]],
        inner_eye=at[[39, 42]],
        upper_lid=np.stack([at[[39, 38, 37, 36]], at[[42, 43, 44, 45]]]),
        lower_lid=np.stack([at[[39, 40, 41, 36]], at[[42, 47, 46, 45]]]),
        wing=at[[31, 35]],
        corner=at[[48, 54]],
        jaw=np.stack([at[:9], at[16:7:-1]]),
        nasion=at[27],
        nose_tip=at[30],
        lip_top=at[51],
        lip_bottom=at[57],
        chin=at[8],
        hairline=top,
    )
