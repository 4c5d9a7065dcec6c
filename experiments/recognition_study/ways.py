"""One face's bump map as recognition gets to see it: whole, with squares, and filled in every way."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from experiments.filling_study.cases import HIDDEN
from experiments.filling_study.holes import hole
from seethrough.details.filling import FillSettings, Holed, ReferenceSearch, fill_from
from seethrough.details.filling.fills import (
    harmonic_fill,
    mean_fill,
    pose_only_fill,
    random_reference_fill,
    same_identity_fill,
    zero_fill,
)
from seethrough.networks.bump_recogniser import BLACK_MM
from tools.reference_index.face_source import SourceFace
from tools.reference_index.features import FeatureReader

WHOLE, BLACK, ZERO, RANDOM, FILLED, OWN = (
    "whole", "black squares", "zero", "random reference", "filled (default)", "same person (oracle)",
)  # fmt: skip
Searches = Mapping[str, ReferenceSearch]


def squares(face: SourceFace, count: int, rng: np.random.Generator) -> np.ndarray:
    """Return the (S, S) bool hole of some of the paper's squares, each about a random pixel of the face."""
    gap = np.zeros(face.mask.shape, bool)
    for _ in range(count):
        gap |= hole("square", face.mask, face.landmarks, rng)
    return gap


def covered(face: SourceFace, gap: np.ndarray) -> SourceFace:
    """Return the face with the squares painted over its picture as well: nothing may look behind them."""
    image = face.image.copy()
    image[gap] = HIDDEN
    return replace(face, image=image)


def ways(
    face: SourceFace,
    gap: np.ndarray,
    rng: np.random.Generator,
    searches: Searches,
    own: ReferenceSearch | None,
    features: FeatureReader,
    k: int,
) -> dict[str, np.ndarray]:
    """Return name -> (S, S) mm, all with the same hole.

    Args:
        face: with its whole bump map.
        gap: (S, S) bool, the hole.
        rng: of the random references.
        searches: in the references, by preset; a person's own are left out.
        own: in other pictures of the same people; None leaves out the row of the oracle.
        features: recognition features of pictures.
        k: length of the short list by viewpoint.
    """
    feature = features([covered(face, gap)])[0]
    holed = Holed.of(face.bump, face.mask & ~gap, face.mask, face.landmarks)
    search, paper = searches["default"], searches["paper"]
    references, alone, mixed = search.references, FillSettings(k=k, together=1), FillSettings(k=k)
    known: dict[str, object] = {"k": k, "exclude_identity": face.identity}
    ranked = search.nearest(face.viewpoint, feature, **known)  # pyright: ignore[reportArgumentType]
    of_paper = paper.nearest(face.viewpoint, feature, **known)  # pyright: ignore[reportArgumentType]
    others = np.array([row for row, name in enumerate(references.identities) if name is None or name != face.identity])
    result = {
        WHOLE: face.bump,
        BLACK: np.where(gap, np.float32(BLACK_MM), face.bump),
        ZERO: zero_fill(holed),
        "mean of the visible face": mean_fill(holed),
        "harmonic": harmonic_fill(holed),
        RANDOM: random_reference_fill(holed, references, rng, alone, among=others).bump,
        "random references, mixed": random_reference_fill(holed, references, rng, mixed, among=others).bump,
        "pose only": pose_only_fill(holed, search, face.viewpoint, alone, exclude_identity=face.identity).bump,
        "filled (paper)": fill_from(holed, references, of_paper, FillSettings("paper", k)).bump,
        "filled (one reference)": fill_from(holed, references, ranked, alone).bump,
        FILLED: fill_from(holed, references, ranked, mixed).bump,
    }
    if own is not None and face.identity is not None:
        result[OWN] = same_identity_fill(holed, own, face.viewpoint, face.identity, alone).bump
    return result


def error_mm(bump: np.ndarray, truth: np.ndarray, gap: np.ndarray) -> float:
    """Return the mean error inside the hole, mm."""
    return float(np.abs(bump[gap].astype(np.float64) - truth[gap]).mean())
