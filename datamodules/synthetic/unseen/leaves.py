"""Twigs with leaves between the camera and the face."""

from __future__ import annotations

import numpy as np

from datamodules.synthetic.head import PosedHead
from datamodules.synthetic.layers import Layer, Stencil, contact_shadow
from datamodules.synthetic.textures import TextureBank

_SHAPE = np.sin(np.linspace(0, np.pi, 9)) ** 0.8


def draw_leaves(head: PosedHead, textures: TextureBank, rng: np.random.Generator) -> Layer:
    """Draw one to three bent twigs that come from the border of the picture and bear leaves on both sides."""
    size = head.size
    colour, alpha = np.zeros((size, size, 3), np.float32), np.zeros((size, size), np.float32)
    on_face = head.project(head.landmarks)
    green = np.array([0.18, 0.4, 0.1]) * rng.uniform(0.6, 1.8) * np.exp(rng.normal(0, 0.25, 3))
    veins = textures.patch(rng, size, "strand", "fine")[..., None] * np.float32(0.3) + np.float32(0.8)
    for _ in range(int(rng.integers(1, 4))):
        tip = on_face[int(rng.integers(68))] + rng.normal(0, 0.06, 2) * size
        angle = rng.uniform(0, 2 * np.pi)
        foot = size / 2 + 0.85 * size * np.array([np.cos(angle), np.sin(angle)])
        bend = rng.normal(0, 0.15) * np.array([-np.sin(angle), np.cos(angle)]) * size
        steps = np.linspace(0, 1, 12)[:, None]
        twig = foot + (tip - foot) * steps + bend * 4 * steps * (1 - steps)
        _put(
            Stencil(size).line(twig, max(0.012 * size, 0.6)).alpha(),
            head.lit(np.array([0.2, 0.13, 0.08])),
            colour,
            alpha,
        )
        long = rng.uniform(0.12, 0.26) * size
        for k in range(3, 12):
            ahead = twig[k] - twig[k - 1]
            ahead /= max(float(np.linalg.norm(ahead)), 1e-6)
            for side in (-1.0, 1.0):
                turn = side * rng.uniform(0.4, 1.1)
                axis = np.array(
                    [
                        ahead[0] * np.cos(turn) - ahead[1] * np.sin(turn),
                        ahead[0] * np.sin(turn) + ahead[1] * np.cos(turn),
                    ]
                )
                reach = long * rng.uniform(0.6, 1.1)
                spine = twig[k] + np.outer(np.linspace(0, 1, 9), axis) * reach
                width = np.outer(_SHAPE, [-axis[1], axis[0]]) * reach * 0.24
                leaf = Stencil(size).polygon(np.concatenate([spine + width, (spine - width)[::-1]])).alpha()
                lean = np.array([rng.normal(0, 0.4), rng.normal(0, 0.4), -1.0])
                shade = head.lit(np.clip(green * rng.uniform(0.7, 1.3), 0, 1), lean / np.linalg.norm(lean))
                _put(leaf, veins * shade, colour, alpha)
    straight = colour / np.maximum(alpha, 1e-3)[..., None]
    return Layer(straight.astype(np.float32), alpha, contact_shadow(alpha, rng, towards=head.shadow))


def _put(shape: np.ndarray, shade: np.ndarray, colour: np.ndarray, alpha: np.ndarray) -> None:
    """Lay a shape over what is drawn already; ``colour`` is kept times ``alpha``."""
    colour += shape[..., None] * (shade - colour)
    alpha += shape * (1 - alpha)
