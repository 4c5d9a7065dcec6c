"""Hands before the face, with the colour of skin: the occluder that colour alone cannot tell."""

from __future__ import annotations

import numpy as np

from datamodules.synthetic.head import PosedHead
from datamodules.synthetic.layers import Layer, contact_shadow
from datamodules.synthetic.occluders.capsules import draw_capsules
from datamodules.synthetic.textures import TextureBank

SAME_TONE_FRACTION = 0.25

_LIGHT_SKIN, _DARK_SKIN = np.array([0.86, 0.68, 0.58]), np.array([0.22, 0.13, 0.09])
_TARGETS = (30, 33, 8, 48, 54, 3, 13, 1, 15, 37, 44, 27, 51)


def draw_hand(head: PosedHead, textures: TextureBank, rng: np.random.Generator) -> Layer:
    """Draw a palm, four fingers, a thumb and a forearm that comes from a border of the picture.

    One hand in four has exactly the tone of the face, the others any tone of skin.
    """
    size, scale = head.size, head.pixels_per_mm * rng.uniform(0.72, 1.05)
    if rng.random() < SAME_TONE_FRACTION:
        albedo = head.skin
    else:
        albedo = _DARK_SKIN + rng.random() * (_LIGHT_SKIN - _DARK_SKIN) + rng.normal(0, 0.02, 3)
    target = head.project(head.landmarks[[_TARGETS[int(rng.integers(len(_TARGETS)))]]])[0]
    target = target + rng.normal(0, 0.05, 2) * size

    # The arm comes from below or from a side; angle 0 points up in the picture.
    angle = rng.normal(0.0, 0.55) if rng.random() < 0.7 else rng.choice([-1.0, 1.0]) * rng.uniform(0.8, 1.8)
    forward, sideways = np.array([np.sin(angle), -np.cos(angle)]), np.array([np.cos(angle), np.sin(angle)])
    hand = 1.0 if rng.random() < 0.5 else -1.0
    curl = rng.uniform(0.35, 1.0) if rng.random() < 0.6 else 1.0
    fan = rng.uniform(0.02, 0.16)
    reach = rng.uniform(-25.0, 75.0)
    origin = target - forward * reach * scale

    def place(right: float, ahead: float) -> np.ndarray:
        return origin + (hand * right * sideways + ahead * forward) * scale

    limbs: list[list[float]] = []

    def limb(start: np.ndarray, radius: float, end: np.ndarray, tip: float, height: float) -> None:
        limbs.append([*start, radius * scale, *end, tip * scale, height * scale])

    limb(place(-6, -150), 34, place(-2, -58), 26, -20)
    for right in (-22.0, -7.0, 8.0, 23.0):
        limb(place(right * 0.8, -52), 19, place(right, 6), 14, -4)
    lengths, bases = (70.0, 80.0, 74.0, 56.0), (-29.0, -10.0, 10.0, 28.0)
    for k in range(4):
        bend = curl * rng.uniform(0.85, 1.05)
        spread = fan * (k - 1.5) + rng.normal(0, 0.03)
        thick = 10.0 - 0.9 * (k == 3)
        knuckle = (bases[k], 12.0)
        middle = (knuckle[0] + spread * 40, knuckle[1] + lengths[k] * 0.55 * bend)
        tip = (middle[0] + spread * 45, middle[1] + lengths[k] * 0.45 * bend**2)
        limb(place(*knuckle), thick + 1.5, place(*middle), thick - 0.5, 2.0 + 0.3 * k)
        limb(place(*middle), thick - 0.4, place(*tip), thick - 2.2, 2.5 + 0.3 * k)
    out = rng.uniform(-0.1, 0.9)
    limb(place(-24, -40), 17, place(-36 - 20 * out, -2), 12, 6)
    limb(place(-36 - 20 * out, -2), 11.5, place(-40 - 32 * out, 32 - 14 * out), 8.5, 6)

    alpha = np.empty((size, size), np.float32)
    normals = np.empty((size, size, 3), np.float32)
    creases = np.empty((size, size), np.float32)
    draw_capsules(np.array(limbs), size, alpha, normals, creases)
    skin = 1 + np.float32(rng.uniform(0.03, 0.12)) * (textures.patch(rng, size, "cloudy", "rough") - np.float32(0.5))
    colour = head.lit(np.clip(albedo, 0.02, 1) * (skin * creases)[..., None], normals)
    return Layer(colour, alpha, contact_shadow(alpha, rng, strength=(0.15, 0.55)))
