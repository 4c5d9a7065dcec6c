"""Headsets: a box over both eyes and the brows, with a strap round the head."""

from __future__ import annotations

import numpy as np

from datamodules.synthetic.head import PosedHead
from datamodules.synthetic.layers import Layer, Stencil, contact_shadow, convex_hull, pixel_grid, rounded
from datamodules.synthetic.textures import TextureBank, tint


def draw_headset(head: PosedHead, textures: TextureBank, rng: np.random.Generator) -> Layer:
    """Draw the hull of a rounded box before the eyes, its front plate lighter or darker than its sides, and a strap."""
    size, eyes = head.size, head.landmarks[36:48].mean(0)
    half = 0.5 * head.unit * rng.uniform(1.15, 1.4)
    above, below = rng.uniform(26, 42), rng.uniform(18, 30)
    near, far = rng.uniform(2, 8), rng.uniform(34, 70)
    corners = np.array([(-1, above), (1, above), (1, -below), (-1, -below)])

    def frame(depth: float, shrink: float) -> np.ndarray:
        return np.stack([head.move(eyes, right=x * half * shrink, up=y * shrink, out=depth) for x, y in corners])

    back, front = frame(near, 1.0), frame(far, rng.uniform(0.82, 0.98))
    body = Stencil(size).polygon(rounded(convex_hull(head.project(np.concatenate([back, front]))), 2)).alpha()
    plate = Stencil(size).polygon(rounded(head.project(front), 2)).alpha()
    strap = Stencil(size)
    for side, ear in ((-1.0, head.landmarks[0]), (1.0, head.landmarks[16])):
        if -side * head.right[2] > -0.1:
            start = head.move(eyes, right=side * half, out=near)
            end = head.move(ear, right=side * 6.0, up=rng.uniform(5, 25), out=-15.0)
            strap.line(head.project(np.stack([start, end])), max(rng.uniform(9, 20) * head.pixels_per_mm, 1.0))
    band = strap.alpha() * (1 - body)
    alpha = np.maximum(body, band)

    shell = np.clip(rng.uniform(0.03, 0.85) * np.exp(rng.normal(0, 0.12, 3)), 0.01, 1)
    face = np.clip(rng.uniform(0.02, 0.7) * np.exp(rng.normal(0, 0.3, 3)), 0.01, 1)
    albedo = tint(textures.patch(rng, size, "fine", "smooth"), shell * 0.9, shell)
    albedo += plate[..., None] * (face.astype(np.float32) - albedo)
    x, _ = pixel_grid(size)
    middle = head.project(front.mean(0)[None])[0, 0]
    across = np.clip((x - middle) / max(half * head.pixels_per_mm, 1.0), -0.9, 0.9)[..., None]
    normals = (0.9 - 0.6 * plate[..., None]) * across * head.right + head.out
    normals = normals / np.linalg.norm(normals, axis=-1, keepdims=True)
    colour = head.lit(albedo, normals)
    shine = textures.patch(rng, size, "smooth", scale=(0.5, 1.5)) ** 4 * plate
    colour = colour + shine[..., None] * np.float32(rng.uniform(0.0, 0.5))
    return Layer(colour.astype(np.float32), alpha, contact_shadow(alpha, rng, towards=head.shadow))
