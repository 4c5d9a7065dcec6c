"""Nasolabial folds, marionette lines, brackets beside the mouth, lines of lips and chin."""

from __future__ import annotations

import numpy as np

from datamodules.detail.anatomy import SIDES, Anatomy
from datamodules.detail.creases.crease import Crease, line
from datamodules.detail.person import Muscles, Person


def nasolabial(face: Anatomy, person: Person, act: Muscles, rng: np.random.Generator) -> list[Crease]:
    """Draw the fold from the wing of the nose to beside the mouth, over which the cheek hangs, and its followers."""
    creases: list[Crease] = []
    habit, aside, below = np.exp(rng.normal(0, 0.35)), rng.uniform(9.0, 14.5), rng.uniform(-10.0, 4.0)
    padding = np.exp(0.25 * person.full)
    for number, side in enumerate(SIDES):
        smile, wing, corner = act.smile[number], face.wing[number], face.corner[number]
        uneven_sides = np.exp(rng.normal(0, 0.2))
        wide = aside + 2.0 * smile
        start = wing + np.array([side * rng.uniform(2.5, 4.5), rng.uniform(2.5, 6.0)])
        end = corner + np.array([side * wide, below + rng.normal(0, 1.0)])
        middle = 0.5 * (start + end) + np.array([side * (rng.uniform(1.0, 2.5) + 2.0 * smile), 2.0 + 2.0 * smile])
        depth = uneven_sides * (0.06 + 0.26 * person.wear * habit + smile * (0.14 + 0.26 * person.wear))
        hang = uneven_sides * padding * (0.2 + 0.75 * person.wear * habit + 0.65 * smile)
        controls = np.array([start, middle, end])
        # The cheek lies on the left of a line that runs upwards on the viewer's left and downwards on the right.
        controls = controls[::-1] if side < 0 else controls
        taper = (0.65, 0.3) if side < 0 else (0.3, 0.65)
        creases.append(
            line(
                controls,
                rng,
                depth,
                rng.uniform(1.2, 2.1),
                wander=0.3,
                uneven=0.2,
                taper=taper,
                ridge=0.1,
                fold=hang,
                drape=rng.uniform(6.0, 9.5),
            )
        )
        for k in range(3):
            out = wide + 6.0 + 6.5 * k + rng.normal(0, 1.0)
            top, bottom = rng.uniform(3, 13), rng.uniform(-12, -2)
            bracket = [
                corner + np.array([side * (out - 2.5), top]),
                corner + np.array([side * (out + rng.uniform(0, 1.5)), 0.5 * (top + bottom)]),
                corner + np.array([side * (out - 1.5), bottom]),
            ]
            likely = 0.75 ** (k + 1) * np.exp(rng.normal(0, 0.5))
            depth = likely * (0.12 * max(person.wear - 0.25, 0.0) + smile * (0.08 + 0.4 * person.wear))
            width = rng.uniform(1.2, 2.0)
            creases.append(line(bracket, rng, depth, width, wander=0.8, uneven=0.3, taper=(0.5, 0.5), ridge=0.2))
    return creases


def corners(face: Anatomy, person: Person, act: Muscles, rng: np.random.Generator) -> list[Crease]:
    """Draw the pit and bracket at the corner of the mouth and the marionette line below it."""
    creases: list[Crease] = []
    habit = np.exp(rng.normal(0, 0.5))
    for number, side in enumerate(SIDES):
        corner, smile, droop = face.corner[number], act.smile[number], act.droop[number]
        arc = [
            corner + np.array([side * (3.0 + 1.5 * smile), rng.uniform(3.5, 6.0)]),
            corner + np.array([side * (4.2 + 2.0 * smile), 0.0]),
            corner + np.array([side * 3.0, -rng.uniform(3.5, 6.0)]),
        ]
        # The lips end here in a corner of their own: flesh rounds what the muscle pulls in.
        depth = 0.06 + 0.1 * person.wear + 0.24 * smile + 0.15 * droop
        creases.append(line(arc, rng, depth, rng.uniform(1.5, 2.4), wander=0.5, taper=(0.5, 0.5), ridge=0.1))
        length = rng.uniform(10, 24)
        down = [
            corner + np.array([side * 2.8, -2.8]),
            corner + np.array([side * (3.8 + rng.normal(0, 1.0)), -0.5 * length]),
            corner + np.array([side * (3.0 + rng.normal(0, 2.0)), -length]),
        ]
        depth = 0.3 * max(person.wear - 0.15, 0.0) * habit + 0.3 * droop
        hang = 0.55 * max(person.wear - 0.3, 0.0) * habit
        down = down[::-1] if side < 0 else down
        taper = (0.65, 0.35) if side < 0 else (0.35, 0.65)
        width = rng.uniform(1.3, 2.4)
        creases.append(line(down, rng, depth, width, wander=0.35, taper=taper, fold=hang, drape=rng.uniform(5, 8)))
    return creases


def lips(face: Anatomy, person: Person, act: Muscles, rng: np.random.Generator) -> list[Crease]:
    """Draw the upright lines on and around the lips."""
    creases: list[Crease] = []
    half, top, bottom = abs(face.corner[:, 0]).mean(), face.lip_top[1], face.lip_bottom[1]
    middle = float(face.corner[:, 1].mean())
    smoking = np.exp(rng.normal(-0.2, 0.6))
    for _ in range(int(rng.integers(8, 18))):
        x, length = rng.uniform(-0.8, 0.8) * half, rng.uniform(4, 9)
        y = top - 1.0 - 3.0 * (x / half) ** 2
        controls = [(x, y), (x * 1.06, y + 0.5 * length), (x * 1.1 + rng.normal(0, 0.7), y + length)]
        depth = rng.uniform(0.2, 1.0) * (0.22 * max(person.wear - 0.2, 0.0) * smoking + 0.3 * act.purse)
        creases.append(line(controls, rng, depth, rng.uniform(0.5, 0.8), wander=0.4, taper=(0.15, 0.6), ridge=0.2))
    for _ in range(int(rng.integers(10, 22))):
        x, upper = rng.uniform(-0.85, 0.85) * half, rng.random() < 0.4
        edge = top - 2.0 - 3.0 * (x / half) ** 2 if upper else bottom + 2.5 + 3.0 * (x / half) ** 2
        inner = middle + (2.0 if upper else -2.0)
        controls = [(x, edge), (0.97 * x + rng.normal(0, 0.3), inner)]
        depth = rng.uniform(0.04, 0.16) * (1 + 0.5 * person.wear + 1.2 * act.purse)
        creases.append(line(controls, rng, depth, rng.uniform(0.4, 0.7), wander=0.3, taper=(0.3, 0.3), ridge=0.25))
    return creases


def chin(face: Anatomy, person: Person, act: Muscles, rng: np.random.Generator) -> list[Crease]:
    """Draw the groove under the lower lip and, in few people, the cleft of the chin."""
    creases: list[Crease] = []
    centre, half = face.lip_bottom + np.array([0.0, -rng.uniform(5.5, 8.0)]), rng.uniform(9, 16)
    groove = [
        centre + np.array([-half, 1.0 - rng.uniform(0, 3)]),
        centre,
        centre + np.array([half, 1.0 - rng.uniform(0, 3)]),
    ]
    depth = 0.15 + 0.4 * person.wear * rng.random() + 0.7 * act.pout
    creases.append(line(groove, rng, depth, rng.uniform(1.3, 2.4), wander=0.7, taper=(0.45, 0.45), ridge=0.2))
    cleft = rng.uniform(0.4, 1.2) if rng.random() < 0.12 else 0.0
    middle = 0.55 * face.chin + 0.45 * face.lip_bottom
    upright = [middle + np.array([rng.normal(0, 0.7), 5.0]), middle, middle + np.array([rng.normal(0, 0.7), -7.0])]
    creases.append(line(upright, rng, cleft, rng.uniform(1.5, 2.8), wander=0.5, taper=(0.5, 0.5), ridge=0.25))
    return creases
