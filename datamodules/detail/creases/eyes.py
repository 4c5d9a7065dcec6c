"""Crow's feet, lines under the eye, the crease of the upper lid and the trough of the lower one."""

from __future__ import annotations

import numpy as np

from datamodules.detail.anatomy import SIDES, Anatomy
from datamodules.detail.creases.crease import Crease, line
from datamodules.detail.person import Muscles, Person


def crows_feet(face: Anatomy, person: Person, act: Muscles, rng: np.random.Generator) -> list[Crease]:
    """Draw lines that fan out from the outer corner of the eye; some fork, squinting and smiling deepen them."""
    creases: list[Crease] = []
    habit, count = np.exp(rng.normal(0, 0.4)), int(rng.integers(3, 7))
    for number, side in enumerate(SIDES):
        start = face.outer_eye[number] + np.array([side * rng.uniform(5.0, 8.0), rng.uniform(-1.5, 1.5)])
        angles = np.linspace(0.62, -0.95, count) + rng.normal(0, 0.11, count)
        pull = act.squint[number] + 0.45 * act.smile[number]
        for angle in angles:
            begin = start + np.array([side * rng.uniform(0, 4.0), 5.5 * np.sin(angle) + rng.normal(0, 0.6)])
            length = rng.uniform(12, 28) * (1 - 0.25 * abs(angle))
            bend = rng.normal(-0.22, 0.2) - 0.25 * angle
            reach = np.array([0.0, 0.35, 0.7, 1.0]) * length
            heading = angle + bend * reach / length
            controls = begin + np.stack([side * reach * np.cos(heading), reach * np.sin(heading)], 1)
            depth = np.exp(rng.normal(0, 0.35)) * (0.16 * person.wear * habit + pull * (0.08 + 0.22 * person.wear))
            width = rng.uniform(0.65, 1.1)
            creases.append(line(controls, rng, depth, width, wander=0.7, uneven=0.22, taper=(0.4, 0.7), ridge=0.22))
            if rng.random() < 0.4:
                turn = angle + rng.choice([-1, 1]) * rng.uniform(0.35, 0.7)
                tip = controls[1] + np.array([side * 0.45 * length * np.cos(turn), 0.45 * length * np.sin(turn)])
                creases.append(line([controls[1], tip], rng, 0.5 * depth, 0.8 * width, taper=(0.1, 0.7)))
    return creases


def lids(face: Anatomy, person: Person, act: Muscles, rng: np.random.Generator) -> list[Crease]:
    """Draw the crease of the upper lid, the groove under the lower one, its trough and the fine lines below."""
    creases: list[Crease] = []
    folded, above = rng.random() < 0.82, rng.uniform(2.6, 5.0)
    fold_depth, hood = rng.uniform(0.35, 0.8), rng.uniform(0.1, 0.5) + 0.7 * person.wear
    trough, groove = 0.25 + 0.9 * person.wear * np.exp(rng.normal(0, 0.4)), rng.uniform(0.1, 0.45)
    for number, side in enumerate(SIDES):
        lid = face.upper_lid[number]
        raised = np.array([1.2, above, above + 0.3, 2.0]) + rng.normal(0, 0.25, 4)
        controls = lid + np.stack([side * np.array([-0.5, 0.0, 0.5, 4.0]), raised], 1)
        path = controls[::-1] if side < 0 else controls
        strength = fold_depth if folded else 0.1
        # Looking along the path to the viewer's right, the brow's side is on the left.
        creases.append(
            line(path, rng, strength, 0.75, wander=0.25, uneven=0.15, taper=(0.3, 0.3), fold=hood, drape=4.0)
        )
        lower = face.lower_lid[number]
        pull = act.squint[number] + 0.3 * act.smile[number]
        drop = np.array([3.0, 5.0, 5.2, 3.5])
        bag = lower + np.stack([side * np.array([1.0, 0.5, 0.5, 2.0]), -drop + rng.normal(0, 0.4, 4)], 1)
        depth = groove * (0.6 + 0.7 * person.wear) + 0.25 * pull
        creases.append(line(bag, rng, depth, rng.uniform(0.8, 1.4), wander=0.4, uneven=0.3, taper=(0.25, 0.6)))
        inner = face.inner_eye[number]
        reach, fall = rng.uniform(16, 26), rng.uniform(11, 17)
        tear = [
            inner + np.array([side * 0.5, -4.0]),
            inner + np.array([side * 0.4 * reach, -0.75 * fall]),
            inner + np.array([side * reach, -fall + rng.normal(0, 1.5)]),
        ]
        creases.append(line(tear, rng, trough, rng.uniform(2.2, 3.6), wander=0.7, ridge=0.1, taper=(0.3, 0.7)))
        for k in range(int(rng.integers(3, 7))):
            fine = lower + np.stack(
                [side * np.array([3.0, 2.0, 1.0, 4.0]), -drop - 1.6 * k - rng.uniform(-0.5, 1.0, 4)], 1
            )
            begin = int(rng.integers(0, 2))
            depth = np.exp(rng.normal(0, 0.4)) * (0.1 * person.wear + pull * (0.05 + 0.14 * person.wear))
            fine = fine[begin : begin + 3]
            creases.append(line(fine, rng, depth, rng.uniform(0.45, 0.7), wander=0.6, uneven=0.5, ridge=0.15))
    return creases
