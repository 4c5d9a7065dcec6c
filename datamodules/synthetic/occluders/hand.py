"""Hands before the face, with the colour of skin: the occluder that colour alone cannot tell."""

from __future__ import annotations

import numpy as np

from datamodules.synthetic.head import PosedHead
from datamodules.synthetic.layers import Layer, Stencil, contact_shadow
from datamodules.synthetic.occluders.capsules import draw_capsules
from datamodules.synthetic.sensor import blur_colour, taps
from datamodules.synthetic.textures import TextureBank

SAME_TONE_FRACTION = 0.25

_TARGETS = (30, 33, 8, 48, 54, 3, 13, 1, 15, 37, 44, 27, 51)


def draw_hand(head: PosedHead, textures: TextureBank, rng: np.random.Generator, aim: np.ndarray | None = None) -> Layer:
    """Draw the back or the palm of a hand, four fingers, a thumb and a forearm that comes from outside the picture.

    One hand in four has exactly the tone of the face, the others the tone of any face. ``aim`` is where the hand is, as
    (2,) px; by default before some landmark.
    """
    size, scale = head.size, head.pixels_per_mm * rng.uniform(0.72, 1.05)
    same, other = rng.random() < SAME_TONE_FRACTION, head.other_skin(rng)
    albedo = head.skin if same else other
    target = head.project(head.landmarks[[_TARGETS[int(rng.integers(len(_TARGETS)))]]])[0]
    target = target + rng.normal(0, 0.05, 2) * size if aim is None else aim

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
    joints: list[tuple[np.ndarray, np.ndarray, float]] = []

    def limb(start: np.ndarray, radius: float, end: np.ndarray, tip: float, height: float) -> None:
        limbs.append([*start, radius * scale, *end, tip * scale, height * scale])

    limb(place(-4, -170), 36, place(-2, -74), 25, -18)
    limb(place(-2, -80), 26, place(-2, -52), 28, -14)
    for right in (-22.0, -7.0, 8.0, 23.0):
        limb(place(right * 0.75, -52), 20, place(right, 6), 13.5, -4)
    lengths, bases = (70.0, 80.0, 74.0, 56.0), (-29.0, -10.0, 10.0, 28.0)
    for k in range(4):
        bend = curl * rng.uniform(0.85, 1.05)
        spread = fan * (k - 1.5) + rng.normal(0, 0.03)
        thick = 9.8 - 0.9 * (k == 3)
        knuckle = (bases[k], 6.0 - abs(k - 1.2) * 3.0)
        middle = (knuckle[0] + spread * 40, knuckle[1] + lengths[k] * 0.52 * bend)
        last = (middle[0] + spread * 25, middle[1] + lengths[k] * 0.28 * bend**2)
        tip = (last[0] + spread * 22, last[1] + lengths[k] * 0.22 * bend**2)
        limb(place(*knuckle), thick + 1.8, place(*middle), thick - 0.4, 2.0 + 0.3 * k)
        limb(place(*middle), thick - 0.2, place(*last), thick - 1.3, 2.5 + 0.3 * k)
        limb(place(*last), thick - 1.4, place(*tip), thick - 2.8, 2.2 + 0.3 * k)
        joints += [(place(*middle), place(*last), thick), (place(*last), place(*tip), thick - 2.4)]
    out = rng.uniform(-0.1, 0.9)
    base, thumb = place(-36 - 20 * out, -2), place(-40 - 32 * out, 32 - 14 * out)
    limb(place(-24, -42), 18, base, 12, 6)
    limb(base, 11.8, thumb, 8.6, 6)
    joints.append((base, thumb, 9.5))

    alpha = np.empty((size, size), np.float32)
    normals = np.empty((size, size, 3), np.float32)
    creases = np.empty((size, size), np.float32)
    draw_capsules(np.array(limbs), size, alpha, normals, creases)
    # Flesh runs into flesh: without this a hand looks like that of a wooden doll.
    soft = taps(max(2.6 * scale, 0.35))
    solid = (alpha > 0).astype(np.float32)
    normals = blur_colour(normals * solid[..., None], soft)
    softened = blur_colour(np.stack([solid, creases, creases], 2), soft)
    normals /= np.maximum(softened[..., :1], 1e-3)
    normals[..., 2] -= 0.25
    normals /= np.linalg.norm(normals, axis=-1, keepdims=True)
    creases = 0.5 * creases + 0.5 * softened[..., 1]
    skin = 1 + np.float32(rng.uniform(0.05, 0.16)) * (textures.patch(rng, size, "cloudy", "rough") - np.float32(0.5))
    skin += np.float32(rng.uniform(0.03, 0.1)) * (textures.patch(rng, size, "fine", scale=(1.0, 2.0)) - np.float32(0.5))
    tone = np.clip(albedo, 0.02, 1) * (skin * creases)[..., None]
    tone = _details(tone, joints, scale, rng.random() < 0.5, size, rng)
    colour = head.lit(tone, normals)
    return Layer(colour, alpha, contact_shadow(alpha, rng, towards=head.shadow, strength=(0.15, 0.55)))


def _details(
    tone: np.ndarray,
    joints: list[tuple[np.ndarray, np.ndarray, float]],
    scale: float,
    back: bool,
    size: int,
    rng: np.random.Generator,
) -> np.ndarray:
    """Add nails and knuckles to the back of a hand, lines and redder finger tips to its palm; (S, S, 3) albedo."""
    lines, ends = Stencil(size), Stencil(size)
    for number, (start, end, thick) in enumerate(joints):
        ahead = (end - start) / max(float(np.linalg.norm(end - start)), 1e-6)
        across = np.array([-ahead[1], ahead[0]])
        last = number % 2 == 1 or number == len(joints) - 1
        # Finer than half a pixel they would only cost time.
        for shift in () if scale < 0.6 else (-1.6, 1.6) if back else (0.0,):
            middle = start + shift * scale * ahead
            half = 0.5 * thick * scale
            lines.line(np.stack([middle - half * across, middle + half * across]), max(0.9 * scale, 0.3), 0.7)
        if last and back:
            nail, half = end + 1.0 * scale * ahead, 0.6 * thick * scale
            turns = np.linspace(0, 2 * np.pi, 12, endpoint=False)
            oval = np.outer(np.sin(turns) * half, across) + np.outer(np.cos(turns) * 1.25 * half, ahead)
            ends.polygon(nail + oval)
        elif last:
            ends.disc(float(end[0]), float(end[1]), 0.75 * thick * scale, 0.8)
    painted = rng.random() < 0.25
    varnish = np.clip(rng.normal((0.6, 0.15, 0.2), 0.2), 0.02, 0.9)
    if scale >= 0.6:
        tone = tone * (1 - 0.38 * lines.alpha())[..., None]
    if not back:
        return tone * (1 + ends.alpha()[..., None] * np.array([0.06, -0.1, -0.08]))
    nails = ends.alpha()[..., None] * np.float32(0.85)
    plain = np.clip(tone * np.array([1.12, 1.02, 1.05]) + np.array([0.08, 0.05, 0.05]), 0, 1)
    return tone + nails * ((varnish if painted else plain) - tone)
