"""Form of a few millimetres to centimetres that a foundation of few modes lacks: bags, hollows, jowls, moles."""

from __future__ import annotations

import numpy as np

from datamodules.detail.anatomy import SIDES, Anatomy
from datamodules.detail.chart import Chart, add_spot
from datamodules.detail.person import Muscles, Person


def add_forms(
    relief: np.ndarray, chart: Chart, face: Anatomy, person: Person, act: Muscles, rng: np.random.Generator
) -> None:
    """Add the soft forms of one face to a (rows, columns) relief in mm, in place."""

    def add(at: np.ndarray, along: float, across: float, turn: float, height: float) -> None:
        add_spot(relief, chart.left, chart.bottom, chart.texel, float(at[0]), float(at[1]), along, across, turn, height)

    wear, full = person.wear, person.full
    bag = max(rng.normal(0.15, 0.25) + 0.9 * wear * np.exp(rng.normal(0, 0.5)), 0.0)
    mound, jowl = rng.normal(0.2, 0.3) + 0.6 * wear * rng.random(), max(rng.normal(0.0, 0.3) + 1.1 * wear, 0.0)
    cheek, temple = rng.normal(0, 0.5) - 0.25 * full, rng.normal(0.1, 0.4) + 0.6 * wear
    ball, ridge, dimple = rng.normal(0.2, 0.5), rng.normal(0, 0.35), rng.random() < 0.12
    for number, side in enumerate(SIDES):
        lower, corner = face.lower_lid[number], face.corner[number]

        def off(amount: float) -> float:
            return amount * np.exp(rng.normal(0, 0.15))

        under = lower[1:3].mean(0)
        add(under + np.array([side * 0.5, -6.0]), 8.5, 2.6, -side * 0.12, off(bag + 0.35 * act.squint[number]))
        add(under + np.array([side * 5.0, -15.0]), 10.0, 4.5, -side * 0.45, off(mound) + 0.9 * act.smile[number])
        add(corner + np.array([side * 15.0, -17.0]), 8.0, 8.0, 0.0, off(jowl))
        add(corner + np.array([side * 22.0, -2.0]), 9.0, 13.0, 0.0, -off(cheek) - 0.4 * act.open_jaw)
        add(face.outer_eye[number] + np.array([side * 16.0, 14.0]), 10.0, 14.0, 0.0, -off(temple))
        add(
            face.brows[number, 1:3].mean(0) + np.array([0.0, -1.5]), 11.0, 3.5, side * 0.1, off(ridge) + 0.5 * act.frown
        )
        if dimple:
            depth = rng.uniform(0.3, 1.2) * (0.2 + act.smile[number])
            add(corner + np.array([side * rng.uniform(9, 13), rng.uniform(-2, 5)]), 2.0, 3.0, 0.0, -depth)
    middle = 0.6 * face.chin + 0.4 * face.lip_bottom
    add(middle, 11.0, 7.0, 0.0, ball + 0.8 * act.pout)
    philtrum = 0.5 * (face.lip_top + np.array([0.0, 0.5 * (face.wing[:, 1].mean() + face.lip_top[1])]))
    philtrum[1] = 0.55 * face.lip_top[1] + 0.45 * face.wing[:, 1].mean()
    depth = rng.uniform(0.1, 0.8)
    add(philtrum, 1.9, 4.5, 0.0, -depth)
    for side in SIDES:
        add(philtrum + np.array([side * 3.6, -0.5]), 1.3, 4.5, side * 0.12, 0.6 * depth)
    for _ in range(10):  # what has no name: nobody's face is smooth, and no two are alike
        at = np.array([rng.uniform(-75, 75), rng.uniform(face.chin[1], face.hairline)])
        add(at, rng.uniform(6, 16), rng.uniform(5, 12), rng.uniform(0, np.pi), rng.normal(0, 0.28))


def add_marks(
    relief: np.ndarray, pigment: np.ndarray, chart: Chart, face: Anatomy, person: Person, rng: np.random.Generator
) -> None:
    """Add moles, pimples, scars and age spots: raised, sunk, or nothing but colour.

    A translator must learn that a dark spot is not a hole, so most marks have no relief.

    Args:
        relief: (rows, columns) mm, in place.
        pigment: (2, rows, columns) brown and red, in units of optical density, in place.
        chart: of both.
        face: where they lie.
        person: whose they are.
        rng: their random stream.
    """

    def anywhere() -> np.ndarray:
        return np.array([rng.uniform(-78, 78), rng.uniform(face.chin[1] + 2, face.hairline - 4)])

    def stamp(field: np.ndarray, at: np.ndarray, radius: float, height: float) -> None:
        sharp = float(np.hypot(radius, 0.6 * chart.texel))
        height *= (radius / sharp) ** 2
        stretch, turn = np.exp(rng.normal(0, 0.15)), rng.uniform(0, np.pi)
        x, y = (float(value) for value in at)
        add_spot(field, chart.left, chart.bottom, chart.texel, x, y, sharp * stretch, sharp / stretch, turn, height)

    for _ in range(rng.poisson(5)):  # moles
        at, radius = anywhere(), rng.uniform(0.4, 1.3)
        stamp(pigment[0], at, radius, rng.uniform(0.3, 1.3))
        if rng.random() < 0.3:
            stamp(relief, at, 1.2 * radius, rng.uniform(0.2, 1.0) * radius)
    for _ in range(rng.poisson(6 if person.age < 30 and rng.random() < 0.5 else 1.5)):  # pimples
        at, radius = anywhere(), rng.uniform(0.6, 1.6)
        stamp(pigment[1], at, 1.5 * radius, rng.uniform(0.15, 0.6))
        stamp(relief, at, radius, rng.uniform(0.1, 0.35) * radius)
    for _ in range(rng.poisson(25) if rng.random() < 0.12 else rng.poisson(1)):  # scars of acne, of chickenpox
        at, radius = anywhere(), rng.uniform(0.5, 1.1)
        stamp(relief, at, radius, -rng.uniform(0.08, 0.3))
    for _ in range(rng.poisson(9.0 * person.wear)):  # age spots
        stamp(pigment[0], anywhere(), rng.uniform(0.9, 3.2), rng.uniform(0.08, 0.4))
    rings, red = rng.gamma(1.5, 0.11), rng.gamma(1.5, 0.09)
    for number, side in enumerate(SIDES):
        under = face.lower_lid[number][0:3].mean(0) + np.array([side * 1.0, -5.0])
        x, y = (float(value) for value in under)
        add_spot(pigment[0], chart.left, chart.bottom, chart.texel, x, y, 8.0, 4.0, -side * 0.25, rings)
        cheek = np.array([side * 33.0, face.nose_tip[1] + 6.0]) + rng.normal(0, 4, 2)
        add_spot(
            pigment[1], chart.left, chart.bottom, chart.texel, float(cheek[0]), float(cheek[1]), 15.0, 11.0, 0.0, red
        )
        wing = face.wing[number]
        add_spot(pigment[1], chart.left, chart.bottom, chart.texel, float(wing[0]), float(wing[1]), 4.0, 5.0, 0.0, red)
    tip = face.nose_tip
    add_spot(pigment[1], chart.left, chart.bottom, chart.texel, float(tip[0]), float(tip[1]), 8.0, 8.0, 0.0, red)
