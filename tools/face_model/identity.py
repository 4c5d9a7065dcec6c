"""Identity modes: principal components of a plausible prior over MakeHuman's face targets."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tools.face_model.alignment import without_rigid_motion
from tools.face_model.makehuman import TARGETS, MakeHumanData
from tools.face_model.modifiers import Directions

RACES = ("african", "asian", "caucasian")
SEXES = ("female", "male")
MACRO = "macrodetails"

KEEP_GROWTH = 0.5  # size of the head varies less than MakeHuman's grown-ups do


def mean_displacement(data: MakeHumanData, vertices: int) -> NDArray[np.float64]:
    """Return the displacement (mm) of the average young adult: the mean over MakeHuman's races and both sexes."""
    folder = f"{TARGETS}/{MACRO}"
    of_race = [data.target(folder, f"{race}-{sex}-young", vertices) for race in RACES for sex in SEXES]
    of_sex = [data.target(folder, f"universal-{sex}-young-averagemuscle-averageweight", vertices) for sex in SEXES]
    return np.mean(of_race, 0) + np.mean(of_sex, 0)


def macro_directions(data: MakeHumanData, vertices: int) -> Directions:
    """Return directions of ancestry, sex, age, weight and muscle: what makes many features change together."""
    folder = f"{TARGETS}/{MACRO}"

    def race(name: str, sex: str, age: str = "young") -> NDArray[np.float64]:
        return data.target(folder, f"{name}-{sex}-{age}", vertices)

    def build(sex: str, age: str = "young", muscle: str = "average", weight: str = "average") -> NDArray[np.float64]:
        return data.target(folder, f"universal-{sex}-{age}-{muscle}muscle-{weight}weight", vertices)

    def person(sex: str, age: str = "young") -> NDArray[np.float64]:
        return np.mean([race(name, sex, age) for name in RACES], 0) + build(sex, age)

    by_race = {name: np.mean([race(name, sex) for sex in SEXES], 0) for name in RACES}
    centre = np.mean(list(by_race.values()), 0)
    of_sex = np.mean([race(name, "male") - race(name, "female") for name in RACES], 0) / 2
    heavy = np.mean([build(s, "young", "average", "max") - build(s, "young", "average", "min") for s in SEXES], 0)
    strong = np.mean([build(s, "young", "max") - build(s, "young", "min") for s in SEXES], 0)

    # Direction and its spread: 1 would reach MakeHuman's pure type, a caricature, at one standard deviation.
    found: dict[str, tuple[NDArray[np.float64], float]] = {
        **{f"ancestry {name}": (field - centre, 0.4) for name, field in by_race.items()},
        "sex": ((person("male") - person("female")) / 2, 0.55),
        "age": (np.mean([person(sex, "old") - person(sex) for sex in SEXES], 0), 0.35),
        **{f"sex {name}": ((race(name, "male") - race(name, "female")) / 2 - of_sex, 0.2) for name in RACES},
        "weight": (heavy / 2, 0.5),
        "muscle": (strong / 2, 0.35),
    }
    return Directions(list(found), np.stack([field * spread for field, spread in found.values()]))


def principal_modes(
    directions: NDArray[np.float64], weights: NDArray[np.float64], count: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the strongest modes of a Gaussian that is a sum of independent directions.

    The eigenproblem is solved in the space of the directions (M x M), never over the vertices.

    Args:
        directions: (M, V, 3) displacement for one standard deviation each.
        weights: (V,) area that each vertex stands for: modes are ordered by variance over the surface.
        count: modes to keep.

    Returns:
        (count, V, 3) modes for one standard deviation, strongest first, and the (M,) variances of all.
    """
    flat = directions.reshape(len(directions), -1)
    measured = flat * np.sqrt(np.repeat(weights / weights.sum(), 3))
    _, triangle = np.linalg.qr(measured.T)
    _, sizes, turn = np.linalg.svd(triangle)
    if count > len(sizes):
        raise ValueError(f"{count} modes asked of {len(sizes)} directions")
    modes = turn[:count] @ flat
    # The sign of a principal component is free: fix it so that the builder always writes the same file.
    largest = np.abs(modes).argmax(1)
    modes *= np.sign(modes[np.arange(count), largest])[:, None]
    return modes.reshape(count, *directions.shape[1:]), sizes**2


def identity_modes(
    directions: NDArray[np.float64],
    mean: NDArray[np.float64],
    weights: NDArray[np.float64],
    count: int,
    centre: NDArray[np.float64] | None = None,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return :func:`principal_modes` of directions (M, V, 3) after rigid motion and excess growth are taken out."""
    still = without_rigid_motion(directions, mean, weights, KEEP_GROWTH, centre)
    return principal_modes(still, weights, count)
