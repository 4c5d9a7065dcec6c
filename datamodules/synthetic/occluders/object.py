"""Things that people hold before their face or wear over the forehead: cups, microphones, telephones, caps."""

from __future__ import annotations

import numpy as np

from datamodules.synthetic.head import PosedHead
from datamodules.synthetic.layers import Layer, Stencil, contact_shadow, convex_hull, pixel_grid, rounded
from datamodules.synthetic.occluders.capsules import draw_capsules
from datamodules.synthetic.textures import TextureBank, tint


def draw_object(head: PosedHead, textures: TextureBank, rng: np.random.Generator) -> Layer:
    """Draw a cup, a microphone or a telephone near the mouth, the chin or a cheek, or a cap with a brim."""
    kind = int(rng.integers(4))
    alpha, albedo, normals = (_cup, _microphone, _telephone, _peaked_cap)[kind](head, textures, rng)
    colour = head.lit(albedo, normals)
    if kind < 3 and rng.random() < 0.5:
        # A narrow highlight, as on glazed or polished things.
        shine = np.clip(normals @ _unit(np.append(rng.normal(0, 0.5, 2), -1.0)), 0, 1) ** 24
        colour = colour + shine[..., None] * np.float32(rng.uniform(0.1, 0.6))
    return Layer(colour.astype(np.float32), alpha, contact_shadow(alpha, rng, towards=head.shadow, strength=(0.1, 0.5)))


def _unit(vector: np.ndarray) -> np.ndarray:
    return vector / np.linalg.norm(vector)


def _frame(angle: float) -> tuple[np.ndarray, np.ndarray]:
    """Return the directions "up" and "right" of a thing that is turned by ``angle``, in the picture."""
    return np.array([np.sin(angle), -np.cos(angle)]), np.array([np.cos(angle), np.sin(angle)])


def _near_mouth(head: PosedHead, rng: np.random.Generator, spread: float) -> np.ndarray:
    mouth = head.project(head.landmarks[[51, 57]]).mean(0)
    return mouth + rng.normal(0, spread, 2) * head.size


def _cup(head: PosedHead, textures: TextureBank, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    size, scale = head.size, head.pixels_per_mm * rng.uniform(0.9, 1.3)
    up, right = _frame(rng.normal(0, 0.3))
    wide, tall, taper = rng.uniform(32, 46) * scale, rng.uniform(75, 120) * scale, rng.uniform(0.65, 1.0)
    rim = _near_mouth(head, rng, 0.06) - up * rng.uniform(-0.04, 0.09) * size
    foot = rim - up * tall
    bow = np.linspace(np.pi, 0, 9)
    upper = rim + np.outer(np.cos(bow), right) * wide + np.outer(np.sin(bow), up) * wide * 0.22
    lower = foot - np.outer(np.cos(bow), right) * wide * taper - np.outer(np.sin(bow), up) * wide * taper * 0.22
    stencil = Stencil(size).polygon(np.concatenate([upper, lower]))
    if rng.random() < 0.6:
        side = rng.choice([-1.0, 1.0])
        ring = np.linspace(-1.3, 1.3, 12)
        handle = (
            rim
            - up * tall * 0.45
            + np.outer(np.cos(ring), side * right) * wide * 0.55
            + np.outer(np.sin(ring), up) * wide * 0.6
        )
        stencil.line(handle + side * right * wide * 0.72, max(6 * scale, 0.8))
    alpha = stencil.alpha()
    x, y = pixel_grid(size)
    across = np.clip(((x - rim[0]) * right[0] + (y - rim[1]) * right[1]) / wide, -0.98, 0.98)
    normals = across[..., None] * np.append(right, 0.0) - np.sqrt(1 - across**2)[..., None] * np.array([0, 0, 1.0])
    low, high = rng.random(3), rng.random(3)
    if rng.random() < 0.5:
        high = np.clip(low + rng.normal(0, 0.04, 3), 0, 1)
    return alpha, tint(textures.patch(rng, size, "stripe", "shapes", "cell", "smooth", "check"), low, high), normals


def _microphone(
    head: PosedHead, textures: TextureBank, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    size, scale = head.size, head.pixels_per_mm * rng.uniform(0.9, 1.4)
    up, _ = _frame(rng.normal(0, 0.7))
    ball = _near_mouth(head, rng, 0.06) - up * rng.uniform(0.0, 0.12) * size
    radius = rng.uniform(24, 34) * scale
    neck, end = ball - up * radius * 0.8, ball - up * (radius + 190 * scale)
    capsules = np.array(
        [
            [*ball, radius, *(ball - up * 0.2 * radius), radius * 0.98, 5.0],
            [*neck, radius * 0.72, *end, radius * 0.5, 0.0],
        ]
    )
    alpha, creases = np.empty((size, size), np.float32), np.empty((size, size), np.float32)
    normals = np.empty((size, size, 3), np.float32)
    draw_capsules(capsules, size, alpha, normals, creases)
    grille = textures.patch(rng, size, "weave", "fine", scale=(1.0, 2.5))
    base = np.clip(rng.uniform(0.05, 0.75) * np.exp(rng.normal(0, 0.15, 3)), 0, 1)
    albedo = tint(grille, base * 0.45, base)
    x, y = pixel_grid(size)
    stem = ((x - neck[0]) * up[0] + (y - neck[1]) * up[1]) < 0
    albedo[stem] = np.clip(rng.uniform(0.03, 0.4) * np.exp(rng.normal(0, 0.2, 3)), 0, 1)
    return alpha, albedo * creases[..., None], normals.astype(np.float64)


def _telephone(
    head: PosedHead, textures: TextureBank, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    size, scale = head.size, head.pixels_per_mm
    up, right = _frame(rng.normal(0, 0.35) if rng.random() < 0.7 else rng.uniform(1.2, 1.9))
    place = (3, 13, 48, 54, 30, 37, 44)[int(rng.integers(7))]
    centre = head.project(head.landmarks[[place]])[0] + rng.normal(0, 0.06, 2) * size
    wide, tall, corner = rng.uniform(33, 39) * scale, rng.uniform(68, 80) * scale, 6 * scale
    angles = np.linspace(0, np.pi / 2, 5)
    quarters = []
    for turn, (sx, sy) in enumerate(((1, 1), (-1, 1), (-1, -1), (1, -1))):
        bend = angles + turn * np.pi / 2
        quarters.append(
            centre
            + np.outer(sx * (wide - corner) + corner * np.cos(bend), right)
            + np.outer(sy * (tall - corner) + corner * np.sin(bend), up)
        )
    alpha = Stencil(size).polygon(np.concatenate(quarters)).alpha()
    base = np.clip(rng.uniform(0.03, 0.9) * np.exp(rng.normal(0, 0.25, 3)), 0, 1)
    albedo = np.empty((size, size, 3), np.float32)
    albedo[:] = base
    lens = centre + up * (tall - 14 * scale) - right * (wide - 14 * scale)
    dark = Stencil(size).disc(*lens, 8 * scale).disc(*(lens - up * 20 * scale), 8 * scale).alpha()
    albedo *= 1 - 0.85 * dark[..., None]
    if rng.random() < 0.4:
        albedo = 0.5 * albedo + 0.5 * tint(textures.patch(rng, size), rng.random(3), rng.random(3))
    normal = _unit(np.append(rng.normal(0, 0.25, 2), -1.0))
    return alpha, albedo, np.broadcast_to(normal, albedo.shape)


def _peaked_cap(
    head: PosedHead, textures: TextureBank, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    size, scale = head.size, head.pixels_per_mm
    half = 0.5 * float(np.linalg.norm(head.landmarks[16] - head.landmarks[0]))
    brows = head.landmarks[17:27].mean(0)
    # The band goes round the head: a half circle seen from above, a little higher at the sides.
    lift, reach = rng.uniform(6.0, 34.0), rng.uniform(25.0, 75.0)
    around = np.linspace(-1.45, 1.45, 15)
    depth = float((brows - head.landmarks[[0, 16]].mean(0)) @ head.out) + 6.0
    centre = head.move(brows, up=lift, out=-depth)
    band = centre + np.outer(np.sin(around) * half * 1.08, head.right) + np.outer(np.cos(around) * depth, head.out)
    upper = centre + 0.85 * (band - centre)
    dome = np.concatenate([band, head.move(upper, up=55.0), head.move(centre + 0.6 * (band - centre), up=85.0)])
    crown = convex_hull(head.project(dome))
    inner = np.abs(around) < 1.2
    edge = np.cos(around[inner] * 1.3)
    peak = band[inner] + np.outer(edge * reach, head.out) - np.outer(edge * rng.uniform(0.0, 0.35) * reach, head.up)
    brim = convex_hull(head.project(np.concatenate([band[inner], peak])))
    cloth, peaked = Stencil(size).polygon(crown).alpha(), Stencil(size).polygon(rounded(brim, 1)).alpha()
    first = np.clip(rng.random(3) * rng.uniform(0.1, 1.0), 0.02, 1)
    second = first * rng.uniform(0.6, 1.3) if rng.random() < 0.6 else rng.random(3)
    field = textures.patch(rng, size, "fine", "weave", "cloudy", "stripe", scale=(0.8, 2.0))
    albedo = tint(field, np.clip(first * 0.85, 0, 1), np.clip(second if rng.random() < 0.3 else first, 0, 1))
    x, _ = pixel_grid(size)
    middle = head.project(centre[None])[0, 0]
    across = np.clip((x - middle) / (half * 1.15 * scale), -0.95, 0.95)[..., None]
    normals = across * head.right + np.sqrt(1 - across**2) * (0.9 * head.out + 0.3 * head.up)
    normals = normals + peaked[..., None] * (0.9 * head.up - 0.4 * normals)
    normals = normals / np.linalg.norm(normals, axis=-1, keepdims=True)
    return np.maximum(cloth, peaked), albedo * (1 - 0.25 * peaked[..., None]), normals
