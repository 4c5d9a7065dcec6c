"""Scribbles drawn over a photo by hand; like lettering, no light of the scene falls on them."""

from __future__ import annotations

import numpy as np

from datamodules.synthetic.head import PosedHead
from datamodules.synthetic.layers import Layer, Stencil
from datamodules.synthetic.textures import TextureBank


def draw_scribble(head: PosedHead, textures: TextureBank, rng: np.random.Generator) -> Layer:
    """Draw one to four curved or zigzag strokes of a pen 3-7 % of the picture wide across the face."""
    size = head.size
    on_face = head.project(head.landmarks)
    low, high = on_face.min(0), on_face.max(0)
    width = max(rng.uniform(0.03, 0.07) * size, 1.5)
    ink = rng.random(3) * rng.uniform(0.3, 1.0)
    pen = Stencil(size)
    for _ in range(int(rng.integers(1, 5))):
        start, end = low + (high - low) * rng.random((2, 2))
        steps = np.linspace(0, 1, 40)
        across = np.array([-(end - start)[1], (end - start)[0]])
        across = across / max(float(np.linalg.norm(across)), 1e-6)
        swing = rng.uniform(0.03, 0.16) * size * np.sin(2 * np.pi * rng.uniform(0.5, 5.0) * steps + rng.uniform(0, 6.3))
        pen.line(start + np.outer(steps, end - start) + np.outer(swing, across), width)
    alpha = pen.alpha() * np.float32(rng.uniform(0.85, 1.0))
    press = textures.patch(rng, size, "rough", "fine")[..., None] * np.float32(0.12)
    return Layer((ink * (1 - press)).astype(np.float32), alpha, np.zeros_like(alpha))
