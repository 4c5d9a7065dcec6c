"""Glasses: a frame before the eyes with temples to the ears, with dark, graded or clear lenses."""

from __future__ import annotations

import numpy as np

from datamodules.synthetic.head import PosedHead
from datamodules.synthetic.layers import Layer, Stencil, contact_shadow, pixel_grid
from datamodules.synthetic.textures import TextureBank

_ANGLES = np.linspace(0, 2 * np.pi, 28, endpoint=False)


def draw_glasses(head: PosedHead, textures: TextureBank, rng: np.random.Generator) -> Layer:
    """Draw glasses rigged to the eye landmarks in 3-D, so that they turn with the head.

    Four of five have lenses that hide the eyes; the others have clear ones, which count as visible face. Lenses are
    superellipses of about the size of real ones, 14-20 mm before the eyes.
    """
    size, eyes = head.size, head.landmarks[36:48].reshape(2, 6, 3).mean(1)
    apart = np.linalg.norm(eyes[1] - eyes[0])
    half_width = apart * rng.uniform(0.37, 0.46)
    half_height = half_width * rng.uniform(0.62, 1.02)
    exponent = 2.0 / rng.uniform(2.0, 5.0)
    droop = rng.uniform(-0.05, 0.25)
    frame_mm = np.exp(rng.uniform(np.log(1.2), np.log(6.0)))
    dark = rng.random() < 0.8
    before = rng.uniform(14, 20)

    # Both the frame's and the lenses' colour are often black, as they are in photos.
    shade = rng.uniform(0.02, 0.14) if rng.random() < 0.6 else rng.uniform(0.1, 0.85)
    frame_albedo = np.clip(shade * np.exp(rng.normal(0, 0.35, 3)), 0, 1)
    lens_albedo = np.clip(rng.uniform(0.01, 0.22) * np.exp(rng.normal(0, 0.4, 3)), 0, 1)

    cosine, sine = np.cos(_ANGLES), np.sin(_ANGLES)
    x = np.sign(cosine) * np.abs(cosine) ** exponent * half_width
    y = np.sign(sine) * np.abs(sine) ** exponent * half_height
    x = x * (1 - droop * 0.5 * (1 - y / half_height))
    frames, lenses = Stencil(size), Stencil(size)
    thickness = max(frame_mm * head.pixels_per_mm, 0.45)
    centres, outer, inner = [], [], []
    for side, eye in zip((-1.0, 1.0), eyes, strict=True):
        centre = head.move(eye, right=side * (0.5 * apart * 0.04), up=-0.12 * half_height, out=before)
        rim = centre + np.outer(side * x, head.right) + np.outer(y, head.up)
        # Lenses stand at a slight angle to each other, as the brow is round.
        rim = rim - np.outer(0.16 * np.maximum(x, 0) ** 2 / half_width, head.out)
        outline = head.project(rim)
        lenses.polygon(outline)
        frames.line(np.concatenate([outline, outline[:2]]), thickness)
        centres.append(centre)
        outer.append(rim[int(np.argmax(x))] + 0.35 * half_height * head.up)
        inner.append(rim[int(np.argmin(x))] + 0.3 * half_height * head.up)
    bridge = head.move((inner[0] + inner[1]) / 2, up=1.5, out=1.0)
    frames.line(head.project(np.stack([inner[0], bridge, inner[1]])), thickness)
    for side, corner, ear in zip((-1.0, 1.0), outer, (head.landmarks[0], head.landmarks[16]), strict=True):
        # The side of the head that is turned away hides its temple.
        if -side * head.right[2] > -0.08:
            level = ear + head.up * float((eyes.mean(0) - ear) @ head.up + 4.0)
            end = head.move(level, right=side * 5.0, out=-12.0)
            frames.line(head.project(np.stack([corner, end])), thickness * rng.uniform(0.7, 1.1))

    frame, lens = frames.alpha(), lenses.alpha()
    _, rows = pixel_grid(size)
    middle = head.project(np.stack(centres))[:, 1].mean()
    span = max(half_height * head.pixels_per_mm, 1.0)
    if dark:
        opacity = np.full((size, size), rng.uniform(0.8, 0.98), np.float32)
        if rng.random() < 0.25:
            opacity = np.clip(0.72 - 0.25 * (rows - middle) / span, 0.3, 0.97).astype(np.float32)
    else:
        opacity = np.full((size, size), rng.uniform(0.03, 0.2), np.float32)
    lens_colour = np.empty((size, size, 3), np.float32)
    lens_colour[:] = head.lit(lens_albedo)
    if rng.random() < 0.6:
        # A window or the sky in the lens.
        sheen = textures.patch(rng, size, "smooth", "shapes", "stripe", scale=(0.8, 2.5))
        lens_colour += sheen[..., None] ** 3 * np.float32(rng.uniform(0.05, 0.45))
    frame_colour = head.lit(frame_albedo)
    lens = lens * opacity
    alpha = 1 - (1 - frame) * (1 - lens)
    share = (frame / np.maximum(alpha, 1e-6))[..., None]
    colour = share * frame_colour + (1 - share) * lens_colour
    shadow = contact_shadow(np.maximum(frame, lens * lens), rng, towards=head.shadow, strength=(0.05, 0.35))
    return Layer(colour.astype(np.float32), alpha.astype(np.float32), shadow)
