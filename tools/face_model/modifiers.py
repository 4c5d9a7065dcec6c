"""Random directions of shape from MakeHuman's modifiers: one local change each, left and right together."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tools.face_model.makehuman import TARGETS, MakeHumanData

Fields = dict[str, NDArray[np.float64]]

FOLDERS = ("cheek", "chin", "eyebrows", "eyes", "forehead", "head", "mouth", "neck", "nose")
OPPOSITES = {
    "incr": "decr",
    "up": "down",
    "in": "out",
    "forward": "backward",
    "convex": "concave",
    "uncompress": "compress",
}

# Rigid placement of the whole head, age and fat (macro directions say these better), and sizes of the neck.
SKIPPED = re.compile(r"head-trans|head-angle|neck-(?!double)|head-scale|head-age|mouth-dimples|laugh-lines")

# One standard deviation of a modifier moves the skin by at most this many mm (root mean square over the face), and no
# vertex by more than the second number: strangers differ by a few mm, while MakeHuman's sliders go to caricatures.
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


@dataclass(frozen=True)
class Directions:
    """Random displacements of the base mesh: each is Gaussian with one standard deviation as given.

    Attributes:
        names: M names.
        displacements: (M, N, 3) mm for one standard deviation.
    """

    names: list[str]
    displacements: NDArray[np.float64]


def modifier_targets(data: MakeHumanData, folder: str, vertices: int) -> Fields:
    """Return name -> displacement (mm) of each modifier of a folder, pushed from its middle to its end.

    A modifier joins two opposite targets (``nose-hump-incr`` and ``-decr``) into half their difference; one that has no
    opposite stands alone.
    """
    found: Fields = {}
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


def _symmetric(data: MakeHumanData, folder: str, vertices: int, face: NDArray[np.bool_]) -> Fields:
    targets = modifier_targets(data, folder, vertices)
    found: Fields = {}
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


def _asymmetric(data: MakeHumanData, folder: str, vertices: int, face: NDArray[np.bool_]) -> Fields:
    found: Fields = {}
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
