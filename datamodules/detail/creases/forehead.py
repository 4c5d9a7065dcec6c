"""Lines of the forehead, between the brows and over the root of the nose."""

from __future__ import annotations

import numpy as np

from datamodules.detail.anatomy import SIDES, Anatomy
from datamodules.detail.creases.crease import Crease, line
from datamodules.detail.person import Muscles, Person


def forehead(face: Anatomy, person: Person, act: Muscles, rng: np.random.Generator) -> list[Crease]:
    """Draw the frontalis lines: few, broken, unevenly spaced, deeper in the middle; raised brows deepen them."""
    creases: list[Crease] = []
    brow = face.brows[:, :, 1].max()
    low, high = brow + rng.uniform(5.0, 10.0), face.hairline - rng.uniform(5.0, 12.0)
    count = int(rng.integers(2, 6))
    spacing = np.cumsum(np.exp(rng.normal(0.0, 0.3, count + 1)))
    heights = low + (high - low) * spacing[:-1] / spacing[-1]
    arch, sag, tilt = rng.normal(2.0, 3.0), rng.normal(-1.5, 2.0), rng.normal(0.0, 0.02)
    habit = np.exp(rng.normal(0.0, 0.45))
    for k, height in enumerate(heights):
        middle = 1.0 - 0.25 * abs(2 * (k + 0.5) / count - 1)
        strength = middle * np.exp(rng.normal(0, 0.3))
        gap, whole = rng.uniform(-3.0, 9.0), rng.random() < 0.45
        shift = rng.normal(0, 1.3)
        reach = rng.uniform(20.0, 46.0, 2)
        parts = [(-reach[0], reach[1], 0.5 * sum(act.raise_brows))]
        if not whole:
            parts = [(-reach[0], -0.5 * gap, act.raise_brows[0]), (0.5 * gap, reach[1], act.raise_brows[1])]
        for number, (start, end, lift) in enumerate(parts):
            depth = strength * (0.36 * person.wear * habit + lift * (0.25 + 0.4 * min(person.wear, 1.0)))
            x = np.linspace(start, end, 6)
            y = height + (shift if number else 0.0) + arch * (1 - (x / 40) ** 2) + sag * np.cos(x / 13.0) + tilt * x
            width = rng.uniform(0.75, 1.25) * (1 + 0.45 * lift)
            creases.append(
                line(np.stack([x, y], 1), rng, depth, width, wander=0.8, uneven=0.55, ridge=0.25, taper=(0.4, 0.4))
            )
    for _ in range(int(rng.integers(2, 9))):
        x0, length = rng.uniform(-42, 34), rng.uniform(8, 24)
        y0, slope = rng.uniform(low, high), rng.normal(0, 0.06)
        controls = [(x0, y0), (x0 + 0.5 * length, y0 + rng.normal(0, 0.7)), (x0 + length, y0 + slope * length)]
        creases.append(line(controls, rng, 0.1 * person.wear * habit, rng.uniform(0.45, 0.7), uneven=0.5, ridge=0.1))
    return creases


def glabella(face: Anatomy, person: Person, act: Muscles, rng: np.random.Generator) -> list[Crease]:
    """Draw the upright frown lines between the brows, seldom alike, and the cross line at the root of the nose."""
    creases: list[Crease] = []
    brow, habit = float(face.brows[:, 0, 1].mean()), np.exp(rng.normal(0, 0.5))
    kind = rng.random()
    for number, side in enumerate(SIDES):
        inner = abs(face.brows[number, 0, 0]) * rng.uniform(0.45, 0.85)
        bottom, top = brow - rng.uniform(4, 9), brow + rng.uniform(5, 15)
        lean, bow = rng.normal(1.0, 1.5), rng.normal(-0.8, 0.7)
        likely = 1.0 if kind < 0.7 else (1.0 if number == int(kind < 0.85) else 0.25)
        depth = likely * (0.38 * person.wear * habit + act.frown * (0.35 + 0.45 * min(person.wear, 1.0)))
        controls = [
            (side * (inner - 0.5), bottom),
            (side * (inner + bow), 0.5 * (bottom + top)),
            (side * (inner + lean), top),
        ]
        creases.append(line(controls, rng, depth, rng.uniform(0.8, 1.3), wander=0.6, ridge=0.3, taper=(0.35, 0.6)))
        aside = side * (inner + rng.uniform(2.5, 5.0))
        short = [(aside, bottom + 3), (aside + side * rng.normal(0.5, 0.6), brow + rng.uniform(2, 6))]
        creases.append(line(short, rng, 0.4 * depth * rng.random(), rng.uniform(0.6, 0.9), ridge=0.2))
    root = face.nasion + np.array([0.0, rng.uniform(1.0, 6.0)])
    half = rng.uniform(5.0, 9.0)
    depth = 0.22 * person.wear * np.exp(rng.normal(0, 0.5)) + 0.4 * act.frown + 0.3 * sum(act.sneer) / 2
    cross = [(root[0] - half, root[1] + 1.0), (root[0] + rng.normal(0, 1), root[1]), (root[0] + half, root[1] + 1.0)]
    creases.append(line(cross, rng, depth, rng.uniform(0.7, 1.1), wander=0.5, ridge=0.25, taper=(0.45, 0.45)))
    for number, side in enumerate(SIDES):  # bunny lines beside the bridge
        for k in range(2):
            start = face.nasion + np.array([side * rng.uniform(4, 6), -3.0 - 5.5 * k + rng.normal(0, 0.8)])
            end = start + np.array([side * rng.uniform(5, 9), -rng.uniform(3, 7)])
            depth = 0.05 * person.wear + 0.4 * act.sneer[number] + 0.1 * act.squint[number]
            creases.append(line([start, end], rng, depth * rng.uniform(0.5, 1.1), 0.8, ridge=0.3))
    return creases
