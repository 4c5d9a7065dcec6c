"""What is around a face: background, neck, shoulders, ears, skull and hair, all out of focus and all behind it."""

from __future__ import annotations

import math

import numba
import numpy as np

from datamodules.synthetic.head import PosedHead
from datamodules.synthetic.layers import blurred
from datamodules.synthetic.textures import TextureBank, tint

_SKIN, _HAIR, _CLOTH = 0, 1, 2


def draw_background(head: PosedHead, textures: TextureBank, rng: np.random.Generator) -> np.ndarray:
    """Draw (S, S, 3) float32 RGB: plain, graded, textured, or blurred shapes; now and then in the colour of skin or hair."""
    size = head.size
    kind = rng.random()
    first, second = rng.random(3) * rng.uniform(0.2, 1.1), rng.random(3) * rng.uniform(0.2, 1.1)
    if rng.random() < 0.35:
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
        if rng.random() < 0.6:
            field = blurred(field, rng.uniform(0.01, 0.06) * size)
    else:
        field = textures.patch(rng, size, "shapes", "cell", scale=(0.5, 1.4))
        field = blurred(field, rng.uniform(0.008, 0.04) * size)
    picture = tint(field, first, second)
    if kind >= 0.35:
        other = textures.patch(rng, size, "shapes", "smooth", "cloudy", "stripe", scale=(0.4, 1.3))[..., None]
        picture = picture + other * np.float32(rng.uniform(0, 0.7)) * (rng.random(3).astype(np.float32) - picture)
    return np.clip(picture, 0, 1.1).astype(np.float32)


def draw_person(
    head: PosedHead, bald: bool, picture: np.ndarray, textures: TextureBank, rng: np.random.Generator
) -> np.ndarray:
    """Draw the rest of the person onto (S, S, 3) ``picture``, with ellipsoids that turn with the head.

    The sizes follow the landmarks: the eyes are half-way up a head, its depth is 1.27 of its width.
    """
    size = head.size
    marks = head.in_model(head.landmarks.astype(np.float64))
    half = abs(marks[16, 0] - marks[0, 0]) / 2
    eyes, chin = marks[36:48, 1].mean(), marks[8, 1]
    front, side_depth = marks[19:25, 2].mean(), marks[[0, 16], 2].mean()
    ear_level = marks[[0, 16], 1].mean()
    middle = (marks[0, 0] + marks[16, 0]) / 2
    top = eyes + (eyes - chin) * rng.uniform(0.98, 1.08)
    radii = np.array([half * 1.03, (top - eyes) * 0.82, half * 1.27])
    centre = np.array([middle, top - radii[1], front - radii[2] - 2.0])

    upright = np.diag([1.0, -1.0, -1.0])
    turned, still = head.rotation.astype(np.float64), 0.4 * head.rotation + 0.6 * upright
    bodies: list[tuple[np.ndarray, np.ndarray, np.ndarray, int]] = []
    bodies.append((centre, radii, turned, _SKIN))
    for side in (-1.0, 1.0):
        ear = np.array([middle + side * (half + 3.0), ear_level + 4.0, side_depth - 16.0])
        bodies.append((ear, np.array([6.0, 29.0, 17.0]), turned, _SKIN))
    bodies.append(
        (np.array([middle, chin - 45.0, side_depth - 5.0]), np.array([half * 0.72, 130.0, half * 0.75]), still, _SKIN)
    )
    shoulder = chin - rng.uniform(150.0, 185.0)
    bodies.append((np.array([middle, shoulder, side_depth - 25.0]), np.array([215.0, 95.0, 105.0]), still, _CLOTH))
    if rng.random() < 0.4:
        bodies.append(
            (np.array([middle, chin - 95.0, side_depth - 10.0]), np.array([half, 42.0, half * 1.0]), still, _CLOTH)
        )
    style = rng.random()
    if not bald:
        thick = rng.uniform(5.0, 26.0) if style < 0.9 else rng.uniform(30.0, 60.0)
        bodies.append((centre + [0, 4.0, -8.0], radii + thick * np.array([1.0, 1.0, 1.0]), turned, _HAIR))
        if style > 0.5:
            fall = rng.uniform(70.0, 190.0)
            curtain = np.array([half * rng.uniform(1.15, 1.5), fall, half * 0.85])
            bodies.append((np.array([middle, eyes - 0.55 * fall, side_depth - 52.0]), curtain, turned, _HAIR))

    origins, matrices = np.empty((len(bodies), 3)), np.empty((len(bodies), 3, 3))
    for k, (position, radius, rotation, _) in enumerate(bodies):
        matrices[k] = rotation.T / radius[:, None]
        origins[k] = -matrices[k] @ head.to_camera(position.astype(np.float64))
    materials = np.array([material for *_, material in bodies])
    # Hair grows above a plane from the forehead down to the ears; below it, the skin of the skull is seen.
    hairline = np.array([top - 0.27 * (top - eyes) + rng.uniform(-8, 8), front, rng.uniform(0.8, 1.25)])
    kinds, normals = np.full((size, size), -1, np.int8), np.zeros((size, size, 3), np.float32)
    cap = len(bodies) if bald else 5 + int(materials[5:6].tolist() == [_CLOTH])
    cast_rays(
        origins,
        matrices,
        materials,
        cap,
        hairline,
        head.rotation.astype(np.float64),
        head.origin.astype(np.float64),
        head.focal,
        kinds,
        normals,
    )

    strands = textures.patch(rng, size, "strand", scale=(0.7, 1.8), turn=0.6)
    cloth = tint(textures.patch(rng, size, "cloudy", "stripe", "weave", "check", "fine"), rng.random(3), rng.random(3))
    albedo = np.empty((size, size, 3), np.float32)
    albedo[:] = head.skin * np.float32(0.86)
    is_hair, is_cloth = kinds == _HAIR, kinds == _CLOTH
    albedo[is_hair] = head.hair * (0.55 + 0.9 * strands[is_hair, None])
    albedo[is_cloth] = cloth[is_cloth]
    lit = head.lit(albedo, normals)
    below = head.project(head.landmarks[[8]])[0, 1]
    rows = np.arange(size, dtype=np.float32)[:, None]
    # The chin keeps light off the neck.
    shade = 1 - 0.45 * np.exp(-((np.maximum(rows - below, 0) / (0.11 * size)) ** 2)) * (rows > below - 0.05 * size)
    lit = lit * np.where(kinds == _SKIN, shade, 1.0)[..., None]
    alpha = blurred((kinds >= 0).astype(np.float32), 0.007 * size + 0.25)[..., None]
    inside = (kinds >= 0)[..., None]
    return np.where(inside, picture + alpha * (lit - picture), picture).astype(np.float32)


@numba.njit(cache=True)
def cast_rays(origins, matrices, materials, cap, hairline, rotation, head_origin, focal, kinds, normals):
    """Find the nearest ellipsoid on the ray through each pixel.

    Args:
        origins: (N, 3) the camera in the frame of each ellipsoid, where it is the unit sphere.
        matrices: (N, 3, 3) from the camera frame to that frame.
        materials: (N,).
        cap: number of the ellipsoid that is seen only above the hairline.
        hairline: height and depth of its foremost point, mm, model frame, and its slope.
        rotation: (3, 3) model frame -> camera frame.
        head_origin: (3,) mm, camera frame.
        focal: px.
        kinds: (S, S) int8, written where something is hit: its material.
        normals: (S, S, 3) float32, written there: unit normals, camera frame.
    """
    size = kinds.shape[0]
    for i in range(size):
        dy = (i + 0.5 - size / 2) / focal
        for j in range(size):
            dx = (j + 0.5 - size / 2) / focal
            nearest = 1e18
            for k in range(origins.shape[0]):
                m, o = matrices[k], origins[k]
                d0 = m[0, 0] * dx + m[0, 1] * dy + m[0, 2]
                d1 = m[1, 0] * dx + m[1, 1] * dy + m[1, 2]
                d2 = m[2, 0] * dx + m[2, 1] * dy + m[2, 2]
                aa = d0 * d0 + d1 * d1 + d2 * d2
                bb = o[0] * d0 + o[1] * d1 + o[2] * d2
                cc = o[0] * o[0] + o[1] * o[1] + o[2] * o[2] - 1
                root = bb * bb - aa * cc
                if root <= 0:
                    continue
                t = (-bb - math.sqrt(root)) / aa
                if t >= nearest:
                    continue
                if k == cap:
                    x, y, z = t * dx - head_origin[0], t * dy - head_origin[1], t - head_origin[2]
                    height = rotation[0, 1] * x + rotation[1, 1] * y + rotation[2, 1] * z
                    ahead = rotation[0, 2] * x + rotation[1, 2] * y + rotation[2, 2] * z
                    if height < hairline[0] + hairline[2] * (ahead - hairline[1]):
                        continue
                nearest = t
                kinds[i, j] = materials[k]
                s0, s1, s2 = o[0] + t * d0, o[1] + t * d1, o[2] + t * d2
                nx = m[0, 0] * s0 + m[1, 0] * s1 + m[2, 0] * s2
                ny = m[0, 1] * s0 + m[1, 1] * s1 + m[2, 1] * s2
                nz = m[0, 2] * s0 + m[1, 2] * s1 + m[2, 2] * s2
                norm = math.sqrt(nx * nx + ny * ny + nz * nz)
                normals[i, j, 0], normals[i, j, 1], normals[i, j, 2] = nx / norm, ny / norm, nz / norm
