"""The cage of a helmet: bars before the face that leave most of it to be seen."""

from __future__ import annotations

import numpy as np

from datamodules.synthetic.head import PosedHead
from datamodules.synthetic.layers import Layer, Stencil, contact_shadow
from datamodules.synthetic.textures import TextureBank


def draw_cage(head: PosedHead, textures: TextureBank, rng: np.random.Generator) -> Layer:
    """Draw bent bars across and along the face, 18-35 mm apart and 5-9 mm thick, on a cylinder before it."""
    size = head.size
    marks = head.landmarks
    centre = marks[27:31].mean(0)
    half = 0.55 * float(np.linalg.norm(marks[16] - marks[0]))
    width = max(rng.uniform(5.0, 9.0) * head.pixels_per_mm, 1.2)
    apart, before = rng.uniform(18.0, 35.0), rng.uniform(15.0, 40.0)
    top, bottom = rng.uniform(35, 70), -rng.uniform(60, 95)
    around = np.linspace(-1.3, 1.3, 13)
    bars, ridges = Stencil(size), Stencil(size)

    def at(turn: np.ndarray, height: np.ndarray) -> np.ndarray:
        ring = np.outer(np.sin(turn) * half, head.right) + np.outer((np.cos(turn) - 1) * half + before, head.out)
        return head.project(centre + ring + np.outer(height, head.up))

    lines = [at(around, np.full(13, height)) for height in np.arange(top, bottom - 1, -apart)]
    upright = np.linspace(top, bottom, 9)
    reach = rng.uniform(0.5, 1.2)
    lines += [at(np.full(9, turn), upright) for turn in np.arange(-reach, reach + 0.01, 1.6 * apart / half)]
    for line in lines:
        bars.line(line, width)
        ridges.line(line - np.array([0.0, 0.2 * width]), max(0.35 * width, 0.4))
    alpha = bars.alpha()
    metal = np.clip(rng.uniform(0.05, 0.9) * np.exp(rng.normal(0, 0.2, 3)), 0.02, 1)
    grain = textures.patch(rng, size, "fine", "cloudy")[..., None] * np.float32(0.2) + np.float32(0.8)
    colour = head.lit(metal) * grain + ridges.alpha()[..., None] * np.float32(rng.uniform(0.05, 0.4))
    return Layer(colour.astype(np.float32), alpha, contact_shadow(alpha, rng, towards=head.shadow))
