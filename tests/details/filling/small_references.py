"""A small reference set of made-up bumps, and a face that holds a hole."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from seethrough.details.filling import NewReference, ReferenceSet, ReferenceWriter, Viewpoint
from seethrough.details.filling.reference_files import SetDescription
from seethrough.morphable import FaceModel
from tests.small_face import small_face_model

SIZE, FEATURES = 64, 5


def model() -> FaceModel:
    return small_face_model(33)


def description(**changes: Any) -> SetDescription:
    made = SetDescription.of(model(), SIZE, "dlib", FEATURES)
    return SetDescription(**{**vars(made), **changes})


def points(size: int = SIZE) -> np.ndarray:
    rng = np.random.default_rng(1)
    return size * (0.5 + 0.22 * rng.uniform(-1, 1, (68, 2)))


def face_mask(size: int = SIZE) -> np.ndarray:
    y, x = np.mgrid[:size, :size] + 0.5
    return ((x / size - 0.5) / 0.34) ** 2 + ((y / size - 0.5) / 0.42) ** 2 < 1


def waves(number: int, size: int = SIZE) -> np.ndarray:
    """Return (S, S) mm of smooth relief, another one for each number."""
    y, x = (np.mgrid[:size, :size] + 0.5) / size
    rng = np.random.default_rng(number)
    parts = [rng.normal() * np.sin(2 * np.pi * (rng.uniform(1, 4, 2) @ [x.ravel(), y.ravel()])) for _ in range(4)]
    return np.sum(parts, 0).reshape(size, size)


def new_reference(number: int, **changes: Any) -> NewReference:
    rng = np.random.default_rng(100 + number)
    values = {
        "id": f"face-{number:03d}",
        "identity": f"person-{number // 2}",
        "bump": waves(number),
        "mask": face_mask(),
        "landmarks": points(),
        "viewpoint": Viewpoint(0.3 * rng.standard_normal(3), rng.normal(0, 20, 3)),
        "feature": rng.standard_normal(FEATURES) + 3,
    }
    return NewReference(**{**values, **changes})


def write_set(folder: Path, count: int = 12, **changes: Any) -> Path:
    writer = ReferenceWriter(folder, description(), {})
    writer.append([new_reference(number, **changes) for number in range(count)])
    writer.finish()
    return folder


def small_set(folder: Path, count: int = 12, **changes: Any) -> ReferenceSet:
    return ReferenceSet(write_set(folder, count, **changes))
