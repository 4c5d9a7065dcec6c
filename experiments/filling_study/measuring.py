"""One face with a hole, filled in every way."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from experiments.filling_study.holes import hole
from seethrough.details.filling import FillSettings, Holed, ReferenceSearch, fill_from
from seethrough.details.filling.fills import (
    harmonic_fill,
    mean_fill,
    pose_only_fill,
    random_reference_fill,
    zero_fill,
)
from tools.reference_index.face_source import SourceFace
from tools.reference_index.features import FeatureReader

HIDDEN = 40
"""Grey level of what stands before the face, in the picture that the recognition network sees."""

Searches = Mapping[str, ReferenceSearch]


def filled_ways(
    face: SourceFace, kind: str, rng: np.random.Generator, searches: Searches, features: FeatureReader, k: int
) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """Return the hole (S, S) and name -> (S, S) mm of the filled map, all holes in the same place."""
    gap = hole(kind, face.mask, face.landmarks, rng)
    image = face.image.copy()
    image[gap] = HIDDEN
    feature = features([replace(face, image=image)])[0]
    holed = Holed.of(face.bump, face.mask & ~gap, face.mask, face.landmarks)
    search, paper = searches["default"], searches["paper"]
    references, alone = search.references, FillSettings(k=k, together=1)
    ranked = search.nearest(face.viewpoint, feature, k=k)
    return gap, {
        "zero": zero_fill(holed),
        "mean": mean_fill(holed),
        "harmonic": harmonic_fill(holed),
        "random reference": random_reference_fill(holed, references, rng, alone).bump,
        "random references, mixed": random_reference_fill(holed, references, rng, FillSettings(k=k)).bump,
        "pose only": pose_only_fill(holed, search, face.viewpoint, alone).bump,
        "paper": fill_from(holed, references, paper.nearest(face.viewpoint, feature, k=k), alone).bump,
        "default, one reference": fill_from(holed, references, ranked, alone).bump,
        "default": fill_from(holed, references, ranked, FillSettings(k=k)).bump,
    }


def errors(filled: np.ndarray, truth: np.ndarray, gap: np.ndarray) -> dict[str, float]:
    """Return mean and root mean square error in mm and the mean error of steps between neighbours, in the hole."""
    wrong = filled.astype(np.float64) - truth
    steps = [
        np.abs(np.diff(wrong, axis=0))[gap[1:] & gap[:-1]],
        np.abs(np.diff(wrong, axis=1))[gap[:, 1:] & gap[:, :-1]],
    ]
    inside = wrong[gap]
    return {
        "l1_mm": float(np.abs(inside).mean()),
        "rmse_mm": float(np.sqrt(np.square(inside).mean())),
        "step_mm": float(np.concatenate(steps).mean()),
    }
