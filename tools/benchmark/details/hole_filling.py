"""Section ``hole_filling``: filling the bump map of one photo of 500 px from 12,000 references."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from functools import cache, partial
from pathlib import Path

import numpy as np
import torch
from scipy import ndimage, sparse
from scipy.sparse.linalg import splu

from seethrough.details.bump_encoding import encode_bump
from seethrough.details.filling import FillSettings, ReferenceSearch, ReferenceSet, Viewpoint, fill_holes
from seethrough.details.filling.reference_files import (
    FACES,
    SetDescription,
    column_path,
    row_bytes,
    row_checksum,
    write_description,
)
from tools.benchmark.details.plain_filling import PlainFilling
from tools.benchmark.measuring import Measurement, measure
from tools.benchmark.registry import Case

SIZE, REFERENCES, FEATURES, NEAR = 500, 12_000, 128, 100

_OF_HOLES = ("75 px square", "hand", "lower half")


def face() -> np.ndarray:
    """Return the (S, S) bool map of an ellipse as large as a face in the detail crop."""
    y, x = np.mgrid[:SIZE, :SIZE] + 0.5 - SIZE / 2
    return (x / (0.26 * SIZE)) ** 2 + (y / (0.36 * SIZE)) ** 2 < 1


def hole(name: str) -> np.ndarray:
    """Return the (S, S) bool map of a hole: the paper's square, about a sixth of the face, or half of it."""
    y, x = np.mgrid[:SIZE, :SIZE] + 0.5 - SIZE / 2
    shapes = {
        "75 px square": (np.abs(x + 20) < 37.5) & (np.abs(y - 30) < 37.5),
        "hand": ((x + y) / 150) ** 2 + ((x - y) / 55) ** 2 < 1,
        "lower half": y > 0,
    }
    return shapes[name] & face()


def relief(seed: int) -> np.ndarray:
    """Return (S, S) mm with form and fine structure."""
    rng = np.random.default_rng(seed)
    noise = [scale * sigma * ndimage.gaussian_filter(rng.standard_normal((SIZE, SIZE)), sigma)
             for sigma, scale in ((2, 0.3), (25, 2.5))]  # fmt: skip
    return np.sum(noise, 0)


def points() -> np.ndarray:
    """Return (68, 2) landmarks, px."""
    return SIZE * (0.5 + 0.2 * np.random.default_rng(1).uniform(-1, 1, (68, 2)))


@cache
def references(count: int = REFERENCES) -> tuple[tempfile.TemporaryDirectory, ReferenceSet]:
    """Write a set of ``count`` faces: its files have their full length, but only the maps that are used take room.

    The viewpoints of the first ``NEAR`` are the nearest to that of the photo, so that their maps are the ones read.
    """
    folder = tempfile.TemporaryDirectory()
    place, rng = Path(folder.name), np.random.default_rng(0)
    marks = rng.uniform(-60, 60, (68, 3)).round(3).tolist()
    description = SetDescription(SIZE, "dlib", FEATURES, "benchmark", marks)
    mask = np.packbits(face())
    maps = [encode_bump(np.where(face(), relief(seed), 0)) for seed in range(8)]
    rotation = rng.normal(0, 0.3, (count, 3))
    rotation += 0.3 * np.sign(rotation)
    rotation[:NEAR] = rng.normal(0, 0.03, (NEAR, 3))
    translation = rng.normal(0, 20, (count, 3))
    translation += 20 * np.sign(translation)
    translation[:NEAR] = rng.normal(0, 2, (NEAR, 3))
    values = {
        "landmarks": points() + rng.normal(0, 4, (count, 68, 2)),
        "rotation": rotation,
        "translation": translation,
        "feature": rng.standard_normal((count, FEATURES)),
        "checksum": [row_checksum(maps[row % 8], mask) if row < NEAR else 0 for row in range(count)],
    }
    for name, (shape, kind) in description.columns().items():
        with column_path(place, name).open("wb") as file:
            if name in values:
                file.write(np.array(values[name], dtype=kind).tobytes())
            else:
                file.write(b"".join((maps[row % 8] if name == "bump" else mask).tobytes() for row in range(NEAR)))
                file.truncate(count * row_bytes(shape, kind))
    lines = [f'{{"id": "face-{row}", "identity": "person-{row}"}}\n' for row in range(count)]
    (place / FACES).write_text("".join(lines), encoding="utf-8")
    write_description(place, description, count, {})
    return folder, ReferenceSet(place)


def fill_measured(case: str, name: str, preset: str, count: int = REFERENCES, compared: bool = True) -> Measurement:
    """Fill one hole from ``count`` references, in turn with the paper's way in plain PyTorch if ``compared``."""
    search, bump, gap = ReferenceSearch(references(count)[1], preset), relief(99).astype(np.float32), hole(name)
    rng = np.random.default_rng(3)
    feature, settings = rng.standard_normal(FEATURES), FillSettings(preset)
    visible, marks = face() & ~gap, points()
    plain = PlainFilling(references(count)[1])
    floats = [torch.from_numpy(np.asarray(each, np.float32)) for each in (marks, np.zeros(6), feature)]
    maps = [torch.from_numpy(each) for each in (bump, visible, face())]
    pose = Viewpoint(np.zeros(3), np.zeros(3))
    # The viewpoints, the short list's features, and the maps of those that fill it together, each read once.
    moved = 4 * (count * (9 if preset == "default" else 6) + settings.k * FEATURES) + settings.mixed * 2 * SIZE**2
    return measure(
        "hole_filling",
        case,
        lambda: fill_holes(bump, visible, face(), marks, pose, feature, search, settings),
        repeats=7,
        reference=(lambda: plain.fill(*maps, *floats)) if compared else None,
        reference_repeats=2,
        bytes_moved=float(moved),
    )


def _membrane(case: str, name: str) -> Measurement:
    """Compare the blend's solver with SciPy's sparse factorisation of the same equations."""
    from seethrough.details.filling.blending import blend

    gap, bump = hole(name), relief(99)
    number = np.full(gap.shape, -1)
    number[gap] = np.arange(gap.sum())

    def factorise() -> np.ndarray:
        count, entries, wanted = int(gap.sum()), [], np.zeros(int(gap.sum()))
        diagonal = np.zeros(count)
        for axis in (0, 1):
            for step in (1, -1):
                there, other, value = (np.roll(each, step, axis) for each in (face(), number, bump))
                pair = gap & there
                here, beside = number[pair], other[pair]
                diagonal[here] += 1
                wanted[here] += np.where(beside < 0, value[pair], 0.0)
                entries.append((here[beside >= 0], beside[beside >= 0]))
        rows, columns = (np.concatenate(each) for each in zip(*entries, strict=True))
        every = (-np.ones(len(rows)), (rows, columns))
        matrix = sparse.csc_matrix(every, shape=(count, count)) + sparse.diags(diagonal)
        return splu(sparse.csc_matrix(matrix), permc_spec="MMD_AT_PLUS_A").solve(wanted)

    filled = blend(bump, gap, face(), []).bump
    if not np.allclose(filled[gap], factorise(), atol=1e-3):
        raise AssertionError("the two solvers disagree")
    return measure(
        "hole_filling", case, lambda: blend(bump, gap, face(), []), repeats=7, reference=factorise, reference_repeats=2
    )


def cases() -> Mapping[str, Case]:
    """Return the cases of this section."""
    found: dict[str, Case] = {}
    for preset in ("default", "paper"):
        for name in _OF_HOLES:
            case = f"{SIZE} px {name}, {REFERENCES // 1000}k, {preset}"
            found[case] = partial(fill_measured, case, name, preset)
    for name in ("hand", "lower half"):
        case = f"{SIZE} px {name}, membrane"
        found[case] = partial(_membrane, case, name)
    return found
