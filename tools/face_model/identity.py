"""Identity modes: principal components of a plausible prior over MakeHuman's face modifiers."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tools.face_model.alignment import without_rigid_motion
from tools.face_model.makehuman import TARGETS, MakeHumanData

FOLDERS = ("cheek", "chin", "eyebrows", "eyes", "forehead", "head", "mouth", "neck", "nose")
OPPOSITES = {
    "incr": "decr",
    "up": "down",
    "in": "out",
    "forward": "backward",
    "convex": "concave",
    "uncompress": "compress",
}
RACES = ("african", "asian", "caucasian")
SEXES = ("female", "male")
MACRO = "macrodetails"

# Rigid placement of the whole head, age and fat (macro directions say these better), and sizes of the neck.
SKIPPED = re.compile(r"head-trans|head-angle|neck-(?!double)|head-scale|head-age|mouth-dimples|laugh-lines")

# One standard deviation of a modifier moves the skin by at most this many mm (root mean square over the face), and no
# vertex by more than the second number: photographs of strangers differ by a few mm, MakeHuman's sliders go to the ends.
TYPICAL_SPREAD_MM = 0.4
LARGEST_SPREAD_MM = 1.5
LARGEST_SHARE = 0.4  # of the slider's whole way
# All modifiers of a group together spread no vertex by more than this many mm: the mouth alone has 22 of them.
GROUP_SPREAD_MM = {
    "cheek": 1.6,
    "chin": 2.1,
    "eyebrows": 1.35,
    "eyes": 1.2,
    "forehead": 1.7,
    "head": 2.2,
    "mouth": 1.6,
    "neck": 1.5,
    "nose": 1.85,
    "asym": 0.55,
}
ASYMMETRY = 0.12  # spread of left minus right, as a share of the spread of both together
KEEP_GROWTH = 0.5  # size of the head varies less than MakeHuman's grown-ups do


@dataclass(frozen=True)
class Directions:
    """Random displacements of the base mesh: each is Gaussian with one standard deviation as given.

    Attributes:
        names: M names.
        displacements: (M, N, 3) mm for one standard deviation.
    """

    names: list[str]
    displacements: NDArray[np.float64]


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

    def over_sexes(make: object, *arguments: str) -> NDArray[np.float64]:
        return np.mean([make(*arguments[:1], sex, *arguments[1:]) for sex in SEXES], 0)  # type: ignore[operator]

    by_race = {name: over_sexes(race, name) for name in RACES}
    centre = np.mean(list(by_race.values()), 0)
    found: dict[str, tuple[NDArray[np.float64], float]] = {
        "ancestry african": (by_race["african"] - centre, 0.4),
        "ancestry asian": (by_race["asian"] - centre, 0.4),
        "ancestry caucasian": (by_race["caucasian"] - centre, 0.4),
    }
    male = np.mean([race(name, "male") for name in RACES], 0) + build("male")
    female = np.mean([race(name, "female") for name in RACES], 0) + build("female")
    found["sex"] = ((male - female) / 2, 0.55)
    old = np.mean([race(n, s, "old") for n in RACES for s in SEXES], 0) + np.mean([build(s, "old") for s in SEXES], 0)
    young = np.mean([race(n, s) for n in RACES for s in SEXES], 0) + np.mean([build(s) for s in SEXES], 0)
    found["age"] = (old - young, 0.35)
    for name in RACES:
        differs = (race(name, "male") - race(name, "female")) / 2
        found[f"sex {name}"] = (differs - (male - female - build("male") + build("female")) / 2, 0.2)
    heavy = np.mean([build(s, "young", "average", "max") - build(s, "young", "average", "min") for s in SEXES], 0)
    strong = np.mean([build(s, "young", "max") - build(s, "young", "min") for s in SEXES], 0)
    found["weight"] = (heavy / 2, 0.5)
    found["muscle"] = (strong / 2, 0.35)
    return Directions(list(found), np.stack([field * spread for field, spread in found.values()]))


def modifier_targets(data: MakeHumanData, folder: str, vertices: int) -> dict[str, NDArray[np.float64]]:
    """Return name -> displacement (mm) of each modifier of a folder, pushed from its middle to its end.

    A modifier joins two opposite targets (``nose-hump-incr`` and ``-decr``) into half their difference; one that has no
    opposite stands alone.
    """
    found: dict[str, NDArray[np.float64]] = {}
    names = data.target_names(f"{TARGETS}/{folder}")
    for name in names:
        stem, _, last = name.rpartition("-")
        if SKIPPED.search(name) or (last in OPPOSITES.values() and _opposite(stem, last) in names):
            continue
        field = data.target(f"{TARGETS}/{folder}", name, vertices)
        other = f"{stem}-{OPPOSITES[last]}" if last in OPPOSITES else ""
        if other in names:
            field = (field - data.target(f"{TARGETS}/{folder}", other, vertices)) / 2
            name = stem
        found[name] = field
    return found


def _opposite(stem: str, last: str) -> str:
    return f"{stem}-{next(one for one, two in OPPOSITES.items() if two == last)}"


def modifier_directions(data: MakeHumanData, mirror: NDArray[np.int64], face: NDArray[np.bool_]) -> Directions:
    """Return directions for the modifiers, left and right moving together, with a little asymmetry beside.

    Args:
        data: the MakeHuman files.
        mirror: (N,) mirror map of the base mesh.
        face: (N,) True on the skin of the face, over which sizes are measured.
    """
    names: list[str] = []
    groups: list[NDArray[np.float64]] = []
    for folder in (*FOLDERS, "asym"):
        build = _asymmetric if folder == "asym" else _symmetric
        found = {name: field for name, field in build(data, folder, len(mirror), face).items() if field.any()}
        group = np.stack(list(found.values()))
        together = np.sqrt((group[:, face] ** 2).sum((0, 2)).max())
        names += list(found)
        groups.append(group * min(1.0, GROUP_SPREAD_MM[folder] / together))
    return Directions(names, np.concatenate([group for group in groups if len(group)]))


def _symmetric(data: MakeHumanData, folder: str, vertices: int, face: NDArray[np.bool_]) -> dict[str, NDArray[np.float64]]:
    targets = modifier_targets(data, folder, vertices)
    found: dict[str, NDArray[np.float64]] = {}
    for name, field in targets.items():
        if name.startswith("r-"):
            continue
        stem = name.removeprefix("l-")
        if name.startswith("l-"):
            other = targets["r-" + stem]
            spread = _spread((field + other)[face])
            found[stem] = (field + other) * spread
            found[stem + " left against right"] = (field - other) * spread * ASYMMETRY
        else:
            found[stem] = field * _spread(field[face])
    return found


def _asymmetric(data: MakeHumanData, folder: str, vertices: int, face: NDArray[np.bool_]) -> dict[str, NDArray[np.float64]]:
    found: dict[str, NDArray[np.float64]] = {}
    for name in data.target_names(f"{TARGETS}/{folder}"):
        if name.endswith("-l") and not name.startswith("asymm"):
            left, right = (data.target(f"{TARGETS}/{folder}", name[:-1] + side, vertices) for side in "lr")
            found[name[:-2]] = (left - right) * _spread((left - right)[face]) * 2 * ASYMMETRY
    return found


def _spread(field: NDArray[np.float64]) -> float:
    """Return the standard deviation of a slider with this (F, 3) effect on the face."""
    size = np.linalg.norm(field, axis=1)
    typical, largest = float(np.sqrt(np.mean(size**2))), float(size.max())
    if largest < 0.05:
        return 0.0
    return min(TYPICAL_SPREAD_MM / typical, LARGEST_SPREAD_MM / largest, LARGEST_SHARE)


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
    directions: NDArray[np.float64], mean: NDArray[np.float64], weights: NDArray[np.float64], count: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return :func:`principal_modes` of directions (M, V, 3) after rigid motion and excess growth are taken out."""
    still = without_rigid_motion(directions, mean, weights, KEEP_GROWTH)
    return principal_modes(still, weights, count)
