"""Descriptors of all faces in all ways, piece by piece, so that a study that was killed goes on."""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from tqdm import tqdm

from experiments.recognition_study.recognisers import Describer
from experiments.recognition_study.subjects import ChosenFaces, Subjects
from experiments.recognition_study.ways import BLACK, WHOLE, Searches, covered, error_mm, squares, ways
from experiments.reconstruction.estimator import FaceEstimator, crop_tensor
from seethrough.details.filling import ReferenceSearch
from seethrough.errors import SeethroughError
from seethrough.photos import align
from seethrough.photos.alignment import REFERENCE_SIZE
from tools.reference_index.face_source import SourceFace
from tools.reference_index.features import FeatureReader

PIECE = 20
FOUNDATION, FOUNDATION_COVERED = "foundation", "foundation, squares on the picture"


@dataclass(frozen=True)
class Fillers:
    """What holes are filled from.

    Attributes:
        searches: in the references, by preset.
        own: in other pictures of the same people, or None.
        features: recognition features.
        nearest: length of the short list by viewpoint.
    """

    searches: Searches
    own: ReferenceSearch | None
    features: FeatureReader
    nearest: int


def describe_all(
    subjects: Subjects,
    faces: ChosenFaces,
    count: int,
    fillers: Fillers,
    describer: Describer,
    estimator: FaceEstimator,
    folder: Path,
    told: dict[str, Any],
    seed: int,
) -> dict[str, np.ndarray]:
    """Return the columns of all faces of the subjects, a row each; what is on the disk is read from there.

    Args:
        subjects: who they are.
        faces: their faces, in the order of ``subjects.ids``.
        count: squares on each map.
        fillers: what holes are filled from.
        describer: the recognisers.
        estimator: FOCUS, for the foundation's coefficients and for what hides a face.
        folder: of the pieces.
        told: what decides the result, beside all that; pieces of other settings are made anew.
        seed: of squares and random references.

    Returns:
        ``id``; ``hidden``, the share of the rendered face that FOCUS' mask takes for hidden; ``gap``, the share of the
        face under the squares; ``descriptor/RECOGNISER/WAY`` (N, D); ``coefficients/WAY`` (N, I); ``error_mm/WAY``.
        Faces that cannot be used have rows of NaN.
    """
    key = hashlib.sha256(json.dumps([told, count, seed, subjects.ids], sort_keys=True).encode()).hexdigest()[:16]
    pieces: list[dict[str, np.ndarray]] = []
    with tqdm(total=len(subjects.ids), unit="face", desc=f"{count} squares", disable=None) as bar:
        for start in range(0, len(subjects.ids), PIECE):
            path = folder / f"{key}-{start:05d}.npz"
            places = range(start, min(start + PIECE, len(subjects.ids)))
            if not path.is_file():
                rows = [
                    _columns(face, count, fillers, describer, estimator, np.random.default_rng((seed, count, place)))
                    for place, face in zip(places, faces.faces(places), strict=True)
                    if isinstance(face, SourceFace)
                ]
                _save(path, rows)
            with np.load(path, allow_pickle=False) as file:
                pieces.append({name: file[name] for name in file.files})
            bar.update(len(places))
    known = [piece for piece in pieces if len(piece)]
    if not known:
        raise SeethroughError("none of the faces can be used: their masks show too little skin")
    return {name: np.concatenate([piece[name] for piece in known]) for name in known[0]}


def _columns(
    face: SourceFace,
    count: int,
    fillers: Fillers,
    describer: Describer,
    estimator: FaceEstimator,
    rng: np.random.Generator,
) -> dict[str, np.ndarray]:
    gap = squares(face, count, rng)
    maps = ways(face, gap, rng, fillers.searches, fillers.own, fillers.features, fillers.nearest)
    row: dict[str, Any] = {"id": np.array(face.id), "gap": np.float32(gap.sum() / face.mask.sum())}
    for number, descriptors in enumerate(describer(face, list(maps.values()))):
        row |= {f"descriptor/{number}/{way}": each for way, each in zip(maps, descriptors, strict=True)}
    row |= {f"error_mm/{way}": np.float32(error_mm(each, face.bump, gap)) for way, each in maps.items() if way != BLACK}
    for way, shown in ((FOUNDATION, face), (FOUNDATION_COVERED, covered(face, gap))):
        row[f"coefficients/{way}"], hidden = foundation(estimator, shown)
        if way == FOUNDATION:
            row["hidden"] = np.float32(hidden)
    assert WHOLE in maps
    return row


@torch.inference_mode()
def foundation(estimator: FaceEstimator, face: SourceFace) -> tuple[np.ndarray, float]:
    """Return FOCUS' (I,) identity coefficients of a face, and the share of it that its mask takes for hidden.

    Raises:
        SeethroughError: a prediction that is not finite.
    """
    assert estimator.focus is not None
    crop = align(face.landmarks, size=REFERENCE_SIZE).resized(estimator.focus.image_size)
    prediction = estimator.focus.predict(crop_tensor(face.image, crop))
    values = prediction.parameters.identity[0].float().numpy()
    if not np.isfinite(values).all():
        raise SeethroughError("the network's prediction is not finite; was its training stable?")
    rendered = float(prediction.rendering.mask.sum())
    shown = float((prediction.mask >= 0.5).sum()) if estimator.segments else rendered
    return values, 1 - shown / max(rendered, 1.0)


def _save(path: Path, rows: list[dict[str, Any]]) -> None:
    """Write a piece whole or not at all."""
    columns = {name: np.stack([row[name] for row in rows]) for name in rows[0]} if rows else {}
    partial = path.with_name(f"{path.stem}.partial.npz")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        np.savez(partial, **columns)
        os.replace(partial, path)
    except OSError as error:
        raise SeethroughError(f"{path}: cannot be written ({error.strerror}); free some room") from None
