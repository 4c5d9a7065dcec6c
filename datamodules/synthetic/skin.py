"""What a face model does not explain about skin: texture, freckles, beard, brows, make-up, gloss and small bumps.

This layer is what keeps fitting synthetic faces from being an inverse crime: no setting of the coefficients gives it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numba
import numpy as np

from datamodules.synthetic.textures import TEXTURE_SIZE, TextureBank

_HAIR_COLOURS = np.array(
    [
        (0.05, 0.04, 0.04),
        (0.12, 0.08, 0.06),
        (0.22, 0.14, 0.09),
        (0.38, 0.25, 0.15),
        (0.62, 0.47, 0.3),
        (0.78, 0.64, 0.43),
        (0.5, 0.22, 0.1),
        (0.45, 0.44, 0.43),
        (0.78, 0.77, 0.75),
    ]
)
_HAIR_SHARES = np.cumsum([0.2, 0.2, 0.18, 0.14, 0.09, 0.05, 0.05, 0.06, 0.03])


@dataclass
class Complexion:
    """One person's skin beyond the model.

    Attributes:
        hair: (3,) albedo of hair and brows.
        amounts: (11,) float32: mottling, grain, freckles, beard, brow cover, brow grain, gloss, bump in mm, hair at the
            hairline, teeth and tongue, glint of the eyes.
        fields: (3, 128, 128) textures for mottling, grain and hairs.
        offsets: (6,) float32, where in them this person begins.
        lipstick: (4,) RGB albedo and strength.
        make_up: (3, 4) RGB albedo and strength on eyelids, lashes and cheeks.
        bald: no hair on the head.
        receding: the hair begins above the face.
    """

    hair: np.ndarray
    amounts: np.ndarray
    fields: np.ndarray
    offsets: np.ndarray
    lipstick: np.ndarray
    make_up: np.ndarray
    bald: bool
    receding: bool


def random_complexion(rng: np.random.Generator, textures: TextureBank, strength: float) -> Complexion:
    """Draw one person's complexion; ``strength`` scales all that no face model explains."""
    hair = _HAIR_COLOURS[int(np.searchsorted(_HAIR_SHARES, rng.random() * _HAIR_SHARES[-1]))]
    hair = np.clip(hair * np.exp(rng.normal(0, 0.15) + rng.normal(0, 0.05, 3)), 0.02, 0.95)
    bearded, stubble = rng.random() < 0.22, rng.random() < 0.2
    beard = rng.uniform(0.5, 1.0) if bearded else rng.uniform(0.08, 0.3) if stubble else 0.0
    freckled, glossy = rng.random() < 0.2, rng.uniform(0, 1) ** 2
    amounts = np.array(
        [
            rng.uniform(0.04, 0.2),
            rng.uniform(0.03, 0.16),
            rng.uniform(0.12, 0.4) if freckled else 0.0,
            beard,
            rng.uniform(0.1, 0.75),
            rng.uniform(0.2, 0.8),
            0.35 * glossy,
            rng.uniform(0.1, 0.7),
        ]
    )
    fields = [
        textures.pick(rng, "cloudy", "smooth"),
        textures.pick(rng, "rough", "fine"),
        textures.pick(rng, "fine", "strand"),
    ]
    lipstick = np.append(np.clip(rng.normal((0.62, 0.16, 0.2), 0.1), 0, 1), 0.0)
    lipstick[3] = strength * rng.uniform(0.2, 0.8) if rng.random() < 0.2 else 0.0
    offsets = rng.uniform(0, TEXTURE_SIZE, 6)
    bald = rng.random() < 0.1
    receding = rng.random() < 0.12
    combed = 0.0 if bald or receding else rng.uniform(0.5, 1.0)
    amounts = np.append(amounts, [combed, 1.0, rng.uniform(0.5, 1.2)])
    lined = np.exp(rng.normal(-3.2, 0.3)) * np.exp(rng.normal(0, 0.1, 3))
    shadow = np.clip(rng.normal((0.35, 0.22, 0.22), 0.14), 0.03, 0.9)
    blush = np.clip(rng.normal((0.72, 0.3, 0.28), 0.06), 0, 1)
    made_up = rng.random(3) < (0.5 if lipstick[3] > 0 else 0.04, 0.8 if lipstick[3] > 0 else 0.35, 0.22)
    strengths = strength * made_up * rng.uniform((0.15, 0.3, 0.05), (0.6, 0.85, 0.3))
    make_up = np.concatenate([np.stack([shadow, lined, blush]), strengths[:, None]], 1)
    return Complexion(
        hair=hair.astype(np.float32),
        amounts=(amounts * strength).astype(np.float32),
        fields=np.stack(fields),
        offsets=offsets.astype(np.float32),
        lipstick=lipstick.astype(np.float32),
        make_up=make_up.astype(np.float32),
        bald=bald,
        receding=receding,
    )


@numba.njit(cache=True, inline="always")
def look_up(field, x, y):
    """Read a periodic (128, 128) texture at the nearest cell."""
    return field[math.floor(y) & (TEXTURE_SIZE - 1), math.floor(x) & (TEXTURE_SIZE - 1)]


@numba.njit(cache=True, inline="always")
def skin_tone(amounts, mottle, grain, freckles, spot):
    """Return what mottling, grain and freckles leave of the albedo; textures are read about their middle.

    Freckles count only where ``amounts[2] * freckles`` is above 0.01; elsewhere ``spot`` may be anything.
    """
    tone = np.float32(1.0) + amounts[0] * mottle + amounts[1] * grain
    if amounts[2] * freckles > np.float32(0.01):
        tone -= amounts[2] * freckles * min(max(spot, np.float32(0.0)) * np.float32(6.0), np.float32(1.0))
    return tone


@numba.njit(cache=True, inline="always")
def hair_cover(amounts, brows, beard, hairline, strand):
    """Return the share of the skin that hides behind brows, beard and the hairs at the hairline."""
    half, one = np.float32(0.5), np.float32(1.0)
    brow = amounts[4] * brows * (one - amounts[5] * (one - strand))
    edge = (hairline + np.float32(0.7) * strand - np.float32(0.85)) * np.float32(3.0)
    rim = amounts[8] * min(max(edge, np.float32(0.0)), one)
    return min(max(amounts[3] * beard * (half + strand), max(brow, rim)), one)


@numba.njit(cache=True)
def displace(vertices, normals, places, field, offset_x, offset_y, millimetres):
    """Push vertices along their normals by up to ``millimetres`` / 2 each way, by a smooth texture; in place."""
    for i in range(vertices.shape[0]):
        x, y = places[i, 0] * 0.6 + offset_x, places[i, 1] * 0.6 + offset_y
        height = (look_up(field, x, y) - np.float32(0.5)) * millimetres
        for axis in range(3):
            vertices[i, axis] += height * normals[i, axis]


@numba.njit(cache=True)
def gloss(normals, positions, direction, strength, sharpness, out):
    """Write the highlight of a light from ``direction`` (unit, towards the light) on each vertex into ``out`` (V,).

    ``sharpness`` is the exponent of Blinn's highlight: 18 for skin, more for wet things.
    """
    for i in range(normals.shape[0]):
        px, py, pz = positions[i, 0], positions[i, 1], positions[i, 2]
        length = math.sqrt(px * px + py * py + pz * pz)
        hx, hy, hz = direction[0] - px / length, direction[1] - py / length, direction[2] - pz / length
        norm = math.sqrt(hx * hx + hy * hy + hz * hz) + 1e-9
        facing = (normals[i, 0] * hx + normals[i, 1] * hy + normals[i, 2] * hz) / norm
        out[i] = strength * max(facing, 0.0) ** sharpness
