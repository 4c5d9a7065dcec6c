"""Cloth over the lower face: surgical masks, hanging sheets and scarves."""

from __future__ import annotations

import numpy as np

from datamodules.synthetic.head import PosedHead
from datamodules.synthetic.layers import Layer, Stencil, contact_shadow, convex_hull, pixel_grid, rounded
from datamodules.synthetic.textures import TextureBank, tint

# Sine of the turn from which the far cheek is out of sight.
_PROFILE = 0.6


def draw_cloth(head: PosedHead, textures: TextureBank, rng: np.random.Generator) -> Layer:
    """Drape cloth over the nose bridge and along the jaw landmarks, in 3-D.

    Its upper edge lies anywhere between the bridge and the tip of the nose. A mask ends under the chin and has loops to
    the ears, a sheet hangs down from it, a scarf goes round the neck and out of the picture.
    """
    kind = ("mask", "sheet", "scarf")[int(rng.integers(3))]
    size, marks = head.size, head.landmarks
    height = rng.uniform(0.0, 0.75) if kind != "scarf" else rng.uniform(0.5, 1.3)
    nose = marks[27] + (marks[30] - marks[27]) * min(height, 1.0) + (marks[33] - marks[30]) * max(height - 1.0, 0.0)
    first = 1 + int(height > 0.5) + int(rng.integers(2))
    left, right = marks[first], marks[16 - first]
    cheek_left = 0.5 * (marks[40] + marks[48]) + 0.3 * (left - marks[48])
    cheek_right = 0.5 * (marks[47] + marks[54]) + 0.3 * (right - marks[54])
    drop = rng.uniform(-6, 4)
    top = [
        head.move(left, right=-3.0),
        head.move(cheek_left, up=drop, out=4.0),
        head.move(nose + 0.35 * (cheek_left - nose), out=3.0),
        head.move(nose, out=3.0),
        head.move(nose + 0.35 * (cheek_right - nose), out=3.0),
        head.move(cheek_right, up=drop, out=4.0),
        head.move(right, right=3.0),
    ]
    if kind == "mask":
        below = rng.uniform(2, 9)
        edge = [head.move(marks[i], up=-below * (1 - abs(i - 8) / 8), out=4.0) for i in (13, 11, 10, 8, 6, 5, 3)]
    else:
        flare = rng.uniform(0.0, 25.0) if kind == "sheet" else rng.uniform(15.0, 60.0)
        length = rng.uniform(15.0, 110.0) if kind == "sheet" else 200.0
        hang = [head.move(marks[i], right=np.sign(i - 8) * flare * abs(i - 8) / 5, out=4.0) for i in (13, 11, 8, 5, 3)]
        # Cloth hangs along gravity, down in the picture, whatever the tilt of the head.
        edge = [point + np.array([0.0, 1.0, 0.0]) * length * (1 - 0.25 * abs(k - 2)) for k, point in enumerate(hang)]
        edge = [head.move(marks[14], right=3.0 + 0.3 * flare), *edge, head.move(marks[2], right=-3.0 - 0.3 * flare)]
    outline = head.project(np.stack(top + edge))
    if abs(head.right[2]) > _PROFILE:
        # In profile the far half of the outline lies behind the near one; taut cloth spans what is left.
        outline = convex_hull(outline)
    stencil = Stencil(size).polygon(rounded(outline))
    cloth = stencil.alpha()
    loops = np.zeros_like(cloth)
    if kind == "mask":
        band = Stencil(size)
        for side, upper, lower in ((-1.0, left, marks[3]), (1.0, right, marks[13])):
            if -side * head.right[2] > -0.08:
                ear = marks[0] if side < 0 else marks[16]
                back = head.move(ear, right=side * 4.0, up=4.0, out=-12.0)
                band.line(head.project(np.stack([upper, back, lower])), max(1.6 * head.pixels_per_mm, 0.4))
        loops = band.alpha()
    alpha = np.maximum(cloth, loops)

    albedo = _fabric(kind, head, textures, rng)
    x, y = pixel_grid(size)
    middle = head.project(np.stack([nose, marks[8]]))
    half = max(np.linalg.norm(head.project(marks[[3, 13]])[1] - head.project(marks[[3, 13]])[0]) / 2, 2.0)
    across, along = _head_axes(head)
    u = ((x - middle[0, 0]) * across[0] + (y - middle[0, 1]) * across[1]) / half
    tall = max(float((middle[1] - middle[0]) @ along), 2.0)
    v = ((x - middle[0, 0]) * along[0] + (y - middle[0, 1]) * along[1]) / tall
    folds = _folds(kind, u, v, textures, rng, size)
    lean = np.clip(0.75 * u + 0.7 * folds[0], -0.95, 0.95)[..., None] * head.right
    lean = lean - np.clip(0.85 * (v - 0.45) + 0.7 * folds[1], -0.9, 0.9)[..., None] * head.up
    normals = lean + head.out
    normals /= np.linalg.norm(normals, axis=-1, keepdims=True)
    colour = head.lit(albedo, normals)
    return Layer(colour, alpha, contact_shadow(alpha, rng, towards=head.shadow))


def _head_axes(head: PosedHead) -> tuple[np.ndarray, np.ndarray]:
    """Return unit vectors in the picture, px: to the right of the head, and from its top to its bottom."""
    along = -head.up[:2] / max(np.linalg.norm(head.up[:2]), 1e-6)
    return np.array([along[1], -along[0]]), along


def _fabric(kind: str, head: PosedHead, textures: TextureBank, rng: np.random.Generator) -> np.ndarray:
    if kind == "mask" and rng.random() < 0.7:
        colours = np.array(
            [[0.62, 0.78, 0.86], [0.88, 0.9, 0.92], [0.1, 0.1, 0.11], [0.55, 0.75, 0.68], [0.85, 0.7, 0.75]]
        )
        base = np.clip(colours[int(rng.integers(len(colours)))] + rng.normal(0, 0.04, 3), 0.02, 1)
        return tint(textures.patch(rng, head.size, "fine"), base * 0.93, base)
    low, high = rng.random(3) * rng.uniform(0.2, 1.0), rng.random(3) * rng.uniform(0.3, 1.0)
    if rng.random() < 0.5:
        high = np.clip(low * rng.uniform(0.75, 1.3), 0, 1)
    field = textures.patch(rng, head.size, "stripe", "check", "weave", "cloudy", "shapes", "fine", scale=(0.6, 2.0))
    return tint(field, low, high)


def _folds(
    kind: str, u: np.ndarray, v: np.ndarray, textures: TextureBank, rng: np.random.Generator, size: int
) -> tuple[np.ndarray, np.ndarray]:
    """Return how far the cloth leans to the right and down, (S, S) each, about [-0.5, 0.5]."""
    if kind == "mask":
        pleats = rng.uniform(0.1, 0.5) * np.sin(2 * np.pi * (rng.uniform(2, 4) * v + rng.random()))
        return 0.1 * np.sin(5 * u), pleats
    soft = textures.patch(rng, size, "strand", "smooth", "cloudy", scale=(0.5, 1.2), turn=0.5) - np.float32(0.5)
    return soft * np.float32(rng.uniform(0.5, 2.2)), soft * np.float32(rng.uniform(0.1, 0.6))
