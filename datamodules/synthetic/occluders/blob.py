"""Shapes without a meaning: smooth blobs and angular patches of any texture."""

from __future__ import annotations

import numpy as np

from datamodules.synthetic.head import PosedHead
from datamodules.synthetic.layers import Layer, Stencil, blurred, contact_shadow
from datamodules.synthetic.textures import TextureBank, tint

FACE_COLOURED_FRACTION = 0.15


def draw_blob(head: PosedHead, textures: TextureBank, rng: np.random.Generator, aim: np.ndarray | None = None) -> Layer:
    """Draw a random star-shaped blob or polygon at ``aim`` (px) or somewhere on the face, hard or soft at its edge.

    Some have the colour of the face, so that a patch is not known by its strange colour alone.
    """
    size = head.size
    on_face = head.project(head.landmarks)
    low, high = on_face.min(0), on_face.max(0)
    centre = low + (high - low) * (0.5 + 0.42 * rng.uniform(-1, 1, 2)) - np.array([0.0, 0.08 * size])
    centre = centre if aim is None else aim
    radius = size * np.exp(rng.uniform(np.log(0.13), np.log(0.31)))
    if rng.random() < 0.6:
        angles = np.linspace(0, 2 * np.pi, 72, endpoint=False)
        shape = np.ones_like(angles)
        for wave in range(2, 7):
            shape += rng.normal(0, 0.42 / wave) * np.cos(wave * angles + rng.uniform(0, 6.28))
        shape = np.clip(shape, 0.25, 2.0)
    else:
        corners = int(rng.integers(3, 8))
        angles = (np.arange(corners) + rng.uniform(-0.4, 0.4, corners)) * 2 * np.pi / corners
        shape = rng.uniform(0.7, 1.4, corners)
    squeeze, turn = rng.uniform(0.55, 1.0), rng.uniform(0, np.pi)
    offset = np.stack([np.cos(angles) * shape, np.sin(angles) * shape * squeeze], 1) * radius
    cosine, sine = np.cos(turn), np.sin(turn)
    outline = centre + offset @ np.array([[cosine, sine], [-sine, cosine]])
    alpha = Stencil(size).polygon(outline).alpha()
    if rng.random() < 0.3:
        alpha = blurred(alpha, rng.uniform(0.006, 0.02) * size)

    field = textures.patch(rng, size)
    # Away from the face more of them have its colour, which must not tell by itself.
    if rng.random() < (FACE_COLOURED_FRACTION if aim is None else 0.5):
        albedo = tint(field, head.skin * rng.uniform(0.85, 1.0), head.skin)
    else:
        albedo = tint(field, rng.random(3), rng.random(3))
    normal = np.append(rng.normal(0, 0.4, 2), -1.0)
    colour = head.lit(albedo, np.broadcast_to(normal / np.linalg.norm(normal), albedo.shape))
    return Layer(colour, alpha, contact_shadow(alpha, rng, towards=head.shadow, strength=(0.0, 0.4)))
