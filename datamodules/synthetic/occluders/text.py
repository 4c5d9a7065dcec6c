"""Lettering laid over a photo: captions, watermarks and logos. It is no part of the scene, so no light falls on it."""

from __future__ import annotations

import numpy as np

from datamodules.synthetic.head import PosedHead
from datamodules.synthetic.layers import Layer, Stencil
from datamodules.synthetic.occluders.lettering import GLYPH_HEIGHT, random_word, word_strokes
from datamodules.synthetic.textures import TextureBank

_INKS = np.array(
    [[1.0, 1.0, 1.0], [0.02, 0.02, 0.02], [0.95, 0.85, 0.1], [0.85, 0.1, 0.1], [0.1, 0.3, 0.8], [0.1, 0.6, 0.25]]
)


def draw_text(head: PosedHead, textures: TextureBank, rng: np.random.Generator, aim: np.ndarray | None = None) -> Layer:
    """Write one to four lines of random words at ``aim`` (px) or over the face.

    Three styles: a caption (level, sometimes on a box), a watermark (turned, a little transparent), a logo (a word on
    a filled disc or plate). Half of what has no box is outlined in another colour.
    """
    size = head.size
    style = rng.random()
    ink = _INKS[int(rng.integers(len(_INKS)))] if rng.random() < 0.7 else rng.random(3)
    other = np.full(3, 0.02 if ink.mean() > 0.4 else 0.97)
    if rng.random() < 0.3:
        other = np.clip(rng.random(3) + (0.4 if ink.mean() < 0.4 else -0.4), 0, 1)
    on_face = head.project(head.landmarks)
    low, high = on_face.min(0), on_face.max(0)
    centre = low + (high - low) * rng.uniform([0.1, -0.1], [0.9, 1.0])
    centre = centre if aim is None else aim
    logo, turned = style > 0.8, style > 0.55
    angle = rng.normal(0, 0.12 if logo else 0.45) if turned else rng.normal(0, 0.015)
    height = size * np.exp(rng.uniform(np.log(0.075), np.log(0.19)))
    lines = 1 if logo else int(rng.integers(1, 5 if turned else 4))
    along, down = np.array([np.cos(angle), np.sin(angle)]), np.array([-np.sin(angle), np.cos(angle)])
    stroke = max(height * rng.uniform(0.13, 0.26), 0.7)
    slant, wide = rng.normal(0, 0.12), rng.uniform(0.7, 1.15)

    letters, border, plate = Stencil(size), Stencil(size), Stencil(size)
    outlined = rng.random() < 0.5
    rim = stroke + 2 * max(height * rng.uniform(0.06, 0.12), 0.6)
    widest = 0.0
    for line in range(lines):
        word = random_word(rng, int(rng.integers(2, 6) if logo else rng.integers(3, 10)))
        strokes, length = word_strokes(word)
        row = (line - (lines - 1) / 2) * 1.6
        widest = max(widest, length)
        for points in strokes:
            x = ((points[:, 0] - length / 2) * wide + slant * points[:, 1]) / GLYPH_HEIGHT
            y = row + 0.5 - points[:, 1] / GLYPH_HEIGHT
            placed = centre + (np.outer(x, along) + np.outer(y, down)) * height
            letters.line(placed, stroke)
            if outlined:
                border.line(placed, rim)
    boxed = logo or (not turned and lines < 3 and rng.random() < 0.3)
    if boxed:
        half = np.array([widest * wide / GLYPH_HEIGHT / 2 + 0.45, 0.8 * lines + 0.2]) * height
        if logo and rng.random() < 0.5:
            plate.disc(float(centre[0]), float(centre[1]), float(half.max()) * 0.9)
        else:
            corners = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]]) * half
            plate.polygon(centre + corners[:, :1] * along + corners[:, 1:] * down)

    front = letters.alpha()
    back = np.maximum(border.alpha(), plate.alpha()) if boxed else border.alpha()
    opacity = np.float32(rng.uniform(0.55, 0.9) if turned and not logo else rng.uniform(0.9, 1.0))
    alpha = (1 - (1 - front) * (1 - back)) * opacity
    share = (front / np.maximum(1 - (1 - front) * (1 - back), 1e-6))[..., None]
    colour = (share * ink + (1 - share) * other).astype(np.float32)
    return Layer(colour, alpha.astype(np.float32), np.zeros_like(alpha))
