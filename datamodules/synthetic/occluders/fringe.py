"""Hair that falls over the forehead, the eyes or the sides of the face."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageDraw

from datamodules.synthetic.head import PosedHead
from datamodules.synthetic.layers import OVERSAMPLING, Layer, contact_shadow
from datamodules.synthetic.textures import TextureBank

_STRANDS = 46


def draw_fringe(head: PosedHead, textures: TextureBank, rng: np.random.Generator) -> Layer:
    """Draw locks of hair that grow along the hairline and hang over the face, in the colour of the head's hair.

    Three styles: a straight fringe, one swept to a side, and curtains that leave the middle free.
    """
    size, marks = head.size, head.landmarks
    style = ("straight", "swept", "curtains")[int(rng.integers(3))]
    brow = marks[17:27]
    lift = rng.uniform(38, 58)
    # Roots lie on the arc above the brows and go down to the temples.
    temples = [
        head.move(marks[0], up=head.unit * 0.25, right=-2.0),
        head.move(marks[16], up=head.unit * 0.25, right=2.0),
    ]
    arc = [temples[0], head.move(brow[0], right=-12, up=lift * 0.62), head.move(brow[2], up=lift * 0.95)]
    arc += [head.move(brow[4:6].mean(0), up=lift * 1.08, out=4), head.move(brow[7], up=lift * 0.95)]
    arc += [head.move(brow[9], right=12, up=lift * 0.62), temples[1]]
    arc = np.stack(arc)
    knots = np.linspace(0, 1, len(arc))

    length = rng.uniform(40, 78) if style != "curtains" else rng.uniform(70, 150)
    sweep = {"straight": rng.normal(0, 4), "swept": rng.choice([-1, 1]) * rng.uniform(18, 45), "curtains": 0.0}[style]
    parting = rng.uniform(0.3, 0.7)
    reach = rng.uniform(0.12, 0.42) if style == "curtains" else 0.5
    wave, phase = rng.uniform(0, 5), rng.uniform(0, 6.28)
    steps = np.linspace(0, 1, 7)[:, None]
    thick = rng.uniform(5.0, 9.0) * head.pixels_per_mm

    canvas = size * OVERSAMPLING
    opacity, tone = Image.new("L", (canvas, canvas)), Image.new("L", (canvas, canvas))
    draw_opacity, draw_tone = ImageDraw.Draw(opacity), ImageDraw.Draw(tone)
    at = rng.random(_STRANDS)
    at = np.concatenate([at, np.linspace(0.04, 0.96, _STRANDS // 2)])
    if style == "curtains":
        at = np.where(at < parting, at / parting * reach, 1 - (1 - at) / (1 - parting) * reach)
    draws = rng.normal(0, 1, (len(at), 4))
    for k, place in enumerate(at):
        root = np.array([np.interp(place, knots, arc[:, axis]) for axis in range(3)])
        root = head.move(root, up=4 + 2 * draws[k, 0])
        fall = length * (1 + 0.13 * draws[k, 1]) * (0.75 + 0.5 * abs(place - 0.5))
        drift = sweep * (1 + 0.2 * draws[k, 2]) + 3 * draws[k, 3]
        if style == "curtains":
            drift += 14 * np.sign(place - parting)
        curve = root + steps * fall * np.array([0.0, 1.0, 0.0]) + steps**1.5 * drift * head.right
        curve = (
            curve + np.sin(steps * 5 + phase + draws[k, 0]) * wave * head.right + np.sin(steps * 2.2) * 14 * head.out
        )
        points = ((head.project(curve)) * OVERSAMPLING - 0.5).ravel().tolist()
        wide = max(2, round(thick * OVERSAMPLING * (0.5 + 0.5 * abs(np.sin(7 * k)))))
        draw_opacity.line(points[:10], fill=255, width=wide, joint="curve")
        draw_opacity.line(points[8:], fill=255, width=max(1, wide // 2))
        draw_tone.line(points, fill=int(np.clip(128 + 42 * draws[k, 3], 30, 255)), width=wide)
    alpha = np.asarray(opacity.reduce(OVERSAMPLING), np.float32) / np.float32(255)
    weight = np.asarray(tone.reduce(OVERSAMPLING), np.float32) / np.float32(128)
    gloss = textures.patch(rng, size, "strand", scale=(0.8, 2.0), turn=0.35)
    shade = np.where(weight > 0.2, weight, 1.0) * (0.7 + 0.6 * gloss)
    colour = head.lit(head.hair * np.float32(1.0)) * shade[..., None]
    return Layer(colour.astype(np.float32), alpha, contact_shadow(alpha, rng, strength=(0.1, 0.4)))
