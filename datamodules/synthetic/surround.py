"""What is around a face: background, neck, shoulders, ears, skull and hair, all of it behind the face."""

from __future__ import annotations

import math

import numpy as np

from datamodules.synthetic.bodies import CAP, CLOTH, HAIR, HAT, SKIN, SKULL, draw_bodies
from datamodules.synthetic.head import PosedHead
from datamodules.synthetic.layers import blurred
from datamodules.synthetic.textures import TextureBank, tint

# Skin beside the face lies mostly in its shade and is less red.
_SKIN_BESIDE, _SKULL_BESIDE = 0.86, 0.97


def draw_background(head: PosedHead, textures: TextureBank, rng: np.random.Generator) -> np.ndarray:
    """Draw (S, S, 3) float32 RGB: plain, graded, textured or blurred shapes; now and then coloured as skin or hair."""
    size = head.size
    kind = rng.random()
    first, second = rng.random(3) * rng.uniform(0.2, 1.1), rng.random(3) * rng.uniform(0.2, 1.1)
    if rng.random() < 0.6:
        # Most rooms and streets are less colourful than three independent numbers.
        first, second = (0.75 * colour.mean() + 0.25 * colour for colour in (first, second))
    if rng.random() < 0.15:
        first = (head.skin if rng.random() < 0.5 else head.hair) * rng.uniform(0.8, 1.2)
    if kind < 0.15:
        field = textures.patch(rng, size, "smooth", scale=(0.2, 0.5)) * np.float32(0.2)
    elif kind < 0.35:
        angle = rng.uniform(0, 2 * np.pi)
        axis = (np.arange(size, dtype=np.float32) + 0.5) / size - 0.5
        field = np.clip(0.5 + math.cos(angle) * axis[None] + math.sin(angle) * axis[:, None], 0, 1)
    elif kind < 0.7:
        field = textures.patch(rng, size, scale=(0.4, 2.0))
        if rng.random() < 0.7:
            field = blurred(field, rng.uniform(0.01, 0.06) * size)
    else:
        field = textures.patch(rng, size, "shapes", "cell", scale=(0.5, 1.4))
        field = blurred(field, rng.uniform(0.008, 0.04) * size)
    picture = tint(field, first, second)
    if kind >= 0.35:
        other = textures.patch(rng, size, "shapes", "smooth", "cloudy", "stripe", scale=(0.4, 1.3))[..., None]
        third = (rng.random(3) * rng.uniform(0.2, 1.0)).astype(np.float32)
        picture += other * np.float32(rng.uniform(0, 0.7)) * (third - picture)
    return np.clip(picture, 0, 1.1)


def draw_person(
    head: PosedHead,
    bald: bool,
    receding: bool,
    coverage: np.ndarray,
    picture: np.ndarray,
    textures: TextureBank,
    rng: np.random.Generator,
    worn: float,
    fitted: bool = False,
) -> np.ndarray:
    """Draw the rest of the person onto (S, S, 3) ``picture`` in place, with ellipsoids that turn with the head.

    Where (S, S) ``coverage`` says that the face covers all of a pixel nothing is drawn. The sizes follow the landmarks:
    the eyes are half-way up a head, its depth is 1.27 of its width. ``worn``, evenly drawn from [0, 1), says whether a
    hat or a headscarf is; neither comes before the face. ``fitted`` lets hair and hats rise from the skull at the
    hairline, instead of beginning at their full height, and sets the ears on the skull.

    Returns:
        (S, S) int8, the material of :mod:`datamodules.synthetic.bodies` that is seen in each pixel beside the face.
    """
    size = head.size
    marks = head.in_model(head.landmarks.astype(np.float64))
    half, middle = abs(marks[16, 0] - marks[0, 0]) / 2, (marks[0, 0] + marks[16, 0]) / 2
    eyes, chin, ears = marks[36:48, 1].mean(), marks[8, 1], marks[[0, 16], 1].mean()
    front, side_depth = marks[19:25, 2].mean(), marks[[0, 16], 2].mean()
    top = eyes + (eyes - chin) * rng.uniform(0.98, 1.08)
    radii = np.array([half * 1.09, (top - eyes) * 0.82, half * 1.27])
    centre = np.array([middle, top - radii[1], front - radii[2] - 2.0])

    turned = head.rotation.astype(np.float64)
    still = 0.4 * turned + 0.6 * np.diag([1.0, -1.0, -1.0])
    bodies = [(centre, radii, turned, SKULL)]
    aside = half * 1.16
    if fitted:
        off = (np.array([ears - 8.0, side_depth - 44.0]) - centre[1:]) / radii[1:]
        aside = radii[0] * math.sqrt(max(1 - float(off @ off), 0.3)) + 4.0
    for side in (-1.0, 1.0):
        ear = np.array([middle + side * aside, ears - 8.0, side_depth - 44.0])
        bodies.append((ear, np.array([9.0, 31.0, 19.0]), turned, SKIN))
    neck = np.array([middle, chin - 45.0, side_depth - 5.0])
    bodies.append((neck, np.array([half * 0.72, 130.0, half * 0.75]), still, SKIN))
    shoulders = np.array([middle, chin - rng.uniform(150.0, 185.0), side_depth - 25.0])
    bodies.append((shoulders, np.array([215.0, 95.0, 105.0]), still, CLOTH))
    if rng.random() < 0.4:
        collar = np.array([middle, chin - 95.0, side_depth - 10.0])
        bodies.append((collar, np.array([half, 42.0, half]), still, CLOTH))
    style, thick, thicker = rng.random(), rng.uniform(4.0, 17.0), rng.uniform(30.0, 60.0)
    fall, width, forward = rng.uniform(70.0, 190.0), rng.uniform(1.12, 1.5), rng.uniform(-62.0, -22.0)
    hat, veil = worn < 0.07, 0.07 <= worn < 0.11
    rise = 0.0
    if hat or not bald:
        swell = thick if style < 0.9 or hat else thicker
        cover = radii + swell + np.array([0.0, 0.0, 9.0])
        bodies.append((centre + np.array([0, 4.0, -8.0]), cover, turned, HAT if hat else CAP))
        rise = 0.0 if not fitted else 6.0 if hat else 5.0 + 1.3 * swell
    if not bald and style > 0.5:
        curtain = np.array([middle, eyes - 0.55 * fall, side_depth + forward])
        bodies.append((curtain, np.array([half * width, fall, half * 0.85]), turned, HAIR))
    if veil:
        shell = np.array([radii[0] + 16, radii[1] + 20, radii[2] + 4])
        bodies.append((centre + np.array([0, 2.0, -10.0]), shell, turned, CLOTH))
        around = np.array([middle, chin - 35.0, side_depth - 25.0])
        bodies.append((around, np.array([half * 1.15, 80.0, half * 1.1]), still, CLOTH))

    origins, matrices = np.empty((len(bodies), 3)), np.empty((len(bodies), 3, 3))
    for k, (position, radius, rotation, _) in enumerate(bodies):
        matrices[k] = rotation.T / radius[:, None]
        origins[k] = -matrices[k] @ head.to_camera(position)
    # Hair grows above a plane from the forehead down to the ears; below it, the skin of the skull is seen.
    crown = head.in_model(head.forehead[None])[0]
    level = rng.uniform(8.0, 26.0) if receding and not hat else rng.uniform(-34.0, -8.0)
    hairline = np.array([crown[1] + level, crown[2], rng.uniform(0.85, 1.2)])
    plane = np.append(turned[:, 1] - hairline[2] * turned[:, 2], hairline[0] - hairline[2] * hairline[1])
    strands = textures.patch(rng, size, "strand", scale=(0.7, 1.8), turn=0.6)
    weave = textures.patch(rng, size, "cloudy", "stripe", "weave", "check", "fine")
    cloth, thread = rng.random(3), rng.random(3)
    colours = np.stack([head.skin * _SKIN_BESIDE, head.hair, head.hair, cloth, head.skull * _SKULL_BESIDE, cloth])
    colours = np.concatenate([colours, thread[None]]).astype(np.float32)
    chin_row = head.project(head.landmarks[[8]])[0, 1]
    drawn = np.empty((size, size), np.int8)
    draw_bodies(
        origins,
        matrices,
        np.array([material for *_, material in bodies]),
        plane,
        rise,
        head.origin.astype(np.float64),
        head.focal,
        head.light,
        colours,
        strands,
        weave,
        chin_row,
        coverage,
        picture,
        drawn,
    )
    return drawn
