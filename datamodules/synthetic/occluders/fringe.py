"""Hair that falls over the forehead, the eyes or the sides of the face."""

from __future__ import annotations

import math

import numba
import numpy as np

from datamodules.synthetic.head import PosedHead
from datamodules.synthetic.layers import Layer, contact_shadow
from datamodules.synthetic.textures import TextureBank

_LOCKS = 70
_STEPS = np.linspace(0, 1, 7)


def draw_fringe(head: PosedHead, textures: TextureBank, rng: np.random.Generator) -> Layer:
    """Draw locks of hair that grow along the hairline and hang over the face, in the colour of the head's hair.

    Three styles: a straight fringe, one swept to a side, and curtains that leave the middle free.
    """
    size = head.size
    style = ("straight", "swept", "curtains")[int(rng.integers(3))]
    length = rng.uniform(48, 92) if style != "curtains" else rng.uniform(70, 150)
    sweep = {"straight": rng.normal(0, 4), "swept": rng.choice([-1, 1]) * rng.uniform(18, 45), "curtains": 0.0}[style]
    parting, reach = rng.uniform(0.3, 0.7), rng.uniform(0.15, 0.42)
    wave, phase = rng.uniform(0, 5), rng.uniform(0, 6.28)
    width = rng.uniform(2.2, 4.5) * head.pixels_per_mm
    arc = _hairline(head, rng.uniform(38, 58))

    place = np.concatenate([rng.random(_LOCKS - _LOCKS // 2), np.linspace(0.04, 0.96, _LOCKS // 2)])
    if style == "curtains":
        place = np.where(place < parting, place / parting * reach, 1 - (1 - place) / (1 - parting) * reach)
    draws = rng.normal(0, 1, (_LOCKS, 5))
    roots = np.stack([np.interp(place, np.linspace(0, 1, len(arc)), arc[:, axis]) for axis in range(3)], 1)
    roots = roots + np.outer(4 + 2 * draws[:, 0], head.up)
    fall = length * (1 + 0.13 * draws[:, 1]) * (0.75 + 0.5 * np.abs(place - 0.5))
    drift = sweep * (1 + 0.2 * draws[:, 2]) + 3 * draws[:, 3]
    if style == "curtains":
        drift = drift + 14 * np.sign(place - parting)
    # Hair hangs along gravity, whatever the tilt of the head, and stands off the forehead a little.
    across = np.outer(drift, _STEPS**1.5) + wave * np.sin(5 * _STEPS[None] + phase + draws[:, :1])
    curves = roots[:, None] + np.outer(fall, _STEPS)[..., None] * np.array([0.0, 1.0, 0.0])
    curves = curves + across[..., None] * head.right + (14 * np.sin(2.2 * _STEPS))[None, :, None] * head.out
    points = head.project(curves.reshape(-1, 3)).reshape(_LOCKS, len(_STEPS), 2)
    radii = np.outer(width * np.exp(0.3 * draws[:, 4]), 1 - 0.85 * _STEPS**2)
    tones = np.clip(1 + 0.33 * draws[:, 3], 0.35, 1.8)

    alpha, tone = np.zeros((size, size), np.float32), np.ones((size, size), np.float32)
    draw_locks(points, radii, tones, alpha, tone)
    gloss = textures.patch(rng, size, "strand", scale=(0.8, 2.0), turn=0.35)
    colour = head.lit(head.hair) * (tone * (0.7 + 0.6 * gloss))[..., None]
    return Layer(colour.astype(np.float32), alpha, contact_shadow(alpha, rng, towards=head.shadow, strength=(0.1, 0.4)))


def _hairline(head: PosedHead, lift: float) -> np.ndarray:
    """Return (7, 3) points from temple to temple along the arc ``lift`` mm above the brows, camera frame."""
    marks, brow = head.landmarks, head.landmarks[17:27]
    side = 0.25 * head.unit
    points = [head.move(marks[0], up=side, right=-2.0), head.move(brow[0], right=-12, up=lift * 0.62)]
    points += [head.move(brow[2], up=lift * 0.95), head.move(brow[4:6].mean(0), up=lift * 1.08, out=4)]
    points += [head.move(brow[7], up=lift * 0.95), head.move(brow[9], right=12, up=lift * 0.62)]
    return np.stack([*points, head.move(marks[16], up=side, right=2.0)])


@numba.njit(cache=True)
def draw_locks(points, radii, tones, alpha, tone):
    """Draw tapered curves, later ones over earlier ones.

    Args:
        points: (K, N, 2) px along each curve.
        radii: (K, N) half widths, px.
        tones: (K,) brightness of each.
        alpha: (S, S) float32, starts at 0: opacity.
        tone: (S, S) float32, starts at 1: brightness.
    """
    size = alpha.shape[0]
    for k in range(points.shape[0]):
        for n in range(points.shape[1] - 1):
            x0, y0, x1, y1 = points[k, n, 0], points[k, n, 1], points[k, n + 1, 0], points[k, n + 1, 1]
            r0, r1 = radii[k, n], radii[k, n + 1]
            widest = max(r0, r1) + 1.0
            left, right = max(int(min(x0, x1) - widest), 0), min(int(max(x0, x1) + widest) + 1, size)
            upper, lower = max(int(min(y0, y1) - widest), 0), min(int(max(y0, y1) + widest) + 1, size)
            dx, dy = x1 - x0, y1 - y0
            length = dx * dx + dy * dy + 1e-9
            for i in range(upper, lower):
                for j in range(left, right):
                    px, py = j + 0.5 - x0, i + 0.5 - y0
                    t = min(max((px * dx + py * dy) / length, 0.0), 1.0)
                    radius = r0 + t * (r1 - r0)
                    distance = math.sqrt((px - t * dx) ** 2 + (py - t * dy) ** 2)
                    # A lock thinner than a pixel covers a part of it.
                    coverage = min(max(radius - distance + 0.5, 0.0), min(1.0, 2 * radius))
                    if coverage > 0:
                        shade = tones[k] * (1 - 0.35 * min(distance / max(radius, 1e-3), 1.0) ** 2)
                        tone[i, j] += coverage * (shade - tone[i, j])
                        alpha[i, j] = max(alpha[i, j], coverage)
