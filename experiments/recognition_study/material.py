"""All that the study works with: faces and pairs, recognisers, references, FOCUS."""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from experiments.recognition_study.describing import Fillers
from experiments.recognition_study.options import TRUE
from experiments.recognition_study.recognisers import Describer, trained_recognisers
from experiments.recognition_study.subjects import ChosenFaces, Subjects, listed_subjects, rendered_subjects
from experiments.recognition_study.translating import translated
from experiments.reconstruction.estimator import FaceEstimator
from seethrough.details.filling import ReferenceSearch, ReferenceSet
from seethrough.details.filling.search import PRESETS
from seethrough.errors import SeethroughError
from tools.reference_index.building import build_references
from tools.reference_index.face_source import SourceFace
from tools.reference_index.features import NONE, FeatureReader


@dataclass(frozen=True)
class Material:
    """See the module.

    Attributes:
        subjects: people and pairs.
        faces: theirs, in the order of the subjects' ids, with the bump maps that the study is of.
        fillers: what holes are filled from.
        describer: the recognisers.
        estimator: FOCUS.
        told: what decides the descriptors, for pieces on the disk.
        training_seconds: CPU time of the trainings.
    """

    subjects: Subjects
    faces: ChosenFaces
    fillers: Fillers
    describer: Describer
    estimator: FaceEstimator
    told: dict[str, Any]
    training_seconds: float

    def strips(self, squares: int, count: int) -> list[np.ndarray]:
        """Return pictures of some faces, the first ones of different people, as :mod:`pictures` draws them."""
        from experiments.recognition_study.pictures import strip
        from experiments.recognition_study.ways import squares as drawn
        from experiments.recognition_study.ways import ways

        shown, people = [], set()
        for place in range(len(self.faces)):
            (face,) = self.faces.faces([place])
            if len(shown) == count:
                break
            if not isinstance(face, SourceFace) or face.identity in people:
                continue
            people.add(face.identity)
            rng = np.random.default_rng((0, squares, place))  # as the tables' own
            gap, fillers = drawn(face, squares, rng), self.fillers
            maps = ways(face, gap, rng, fillers.searches, fillers.own, fillers.features, fillers.nearest)
            shown.append(strip(face, gap, maps))
        return shown


def rendered_material(options: argparse.Namespace) -> Material:
    """Render, train and index what is not there yet.

    Raises:
        SeethroughError: settings that make no study.
    """
    from experiments.building import build_data
    from experiments.config.composition import compose
    from tools.reference_index.rendered_faces import RenderedFaces

    data: Any = build_data(compose(["recognition", "data/people"], options.settings))
    if data.config.size < options.nearest:
        raise SeethroughError(
            f"data.size={data.config.size} references are fewer than --nearest {options.nearest}; lower it or "
            "add people"
        )
    estimator, features = _estimator(options.focus), FeatureReader(options.feature)
    subjects = rendered_subjects(data, options.split, options.folds)
    codes, settings = None, list(options.settings)
    runs, seconds = options.recognisers, 0.0
    if options.bumps != TRUE:
        folder = options.out / "bumps"
        for split in (options.split,) if runs else ("train", "validation", options.split):
            codes = translated(RenderedFaces(data, split), options.bumps, folder / f"{split}.npy")
        settings.append(f"data.bumps={folder}")
    if not runs:
        runs, seconds = trained_recognisers(
            options.out / "runs", options.preset, options.seeds, [*settings, *options.training]
        )
    training = RenderedFaces(data, "train")
    # As for a user of reconstruct: references are what tools.reference_index makes, never a translator's guesses.
    references = _references(ChosenFaces(training, range(len(training)), None, TRUE), features, options, "references")
    own = _references(
        ChosenFaces(subjects.source, subjects.own, codes, options.bumps), FeatureReader(NONE), options, options.split
    )
    faces = ChosenFaces(subjects.source, subjects.places, codes, options.bumps)
    searches = {preset: ReferenceSearch(references, preset) for preset in PRESETS}
    return Material(
        subjects, faces, Fillers(searches, ReferenceSearch(own), features, options.nearest), Describer(runs), estimator,
        _told(options, runs, subjects, references), seconds,
    )  # fmt: skip


def photo_material(options: argparse.Namespace) -> Material:
    """Open what there is of photos: bump targets, pairs, recognisers, references.

    Raises:
        SeethroughError: something is missing, damaged, or does not fit the rest.
    """
    from tools.reference_index.target_faces import TargetFaces

    references = ReferenceSet(options.references)
    if len(references) < options.nearest:
        raise SeethroughError(
            f"{options.references}: {len(references)} references, fewer than --nearest {options.nearest}; lower it or "
            "add references"
        )
    describer = Describer(options.recognisers)
    source = TargetFaces(options.folder, options.focus, least_seen=0.0)
    references.description.require(source.model, references.folder)
    subjects = listed_subjects(source, options.pairs)
    codes = None
    if options.bumps != TRUE:
        codes = translated(source, options.bumps, options.out / "bumps" / "photos.npy")
    network = references.description.feature_network
    features = FeatureReader(options.feature if network != NONE else NONE)
    if features.name != network:
        raise SeethroughError(
            f"{options.references}: has features of '{network}', --feature names '{features.name}'; give both the same"
        )
    searches = {preset: ReferenceSearch(references, preset) for preset in PRESETS}
    return Material(
        subjects, ChosenFaces(source, subjects.places, codes, options.bumps),
        Fillers(searches, None, features, options.nearest), describer, _estimator(options.focus),
        _told(options, options.recognisers, subjects, references), 0.0,
    )  # fmt: skip


def _estimator(name: str) -> FaceEstimator:
    if name == "none":
        raise SeethroughError(
            "--focus none: the foundation's coefficients are those of a network; name one, or default"
        )
    return FaceEstimator(Path(name))


def _references(faces: ChosenFaces, features: FeatureReader, options: argparse.Namespace, name: str) -> ReferenceSet:
    folder = options.out / "reference_sets" / name
    build_references(faces, features, folder)
    return ReferenceSet(folder)


def _told(options: argparse.Namespace, runs: Any, subjects: Subjects, references: ReferenceSet) -> dict[str, Any]:
    """Return what decides descriptors beside faces and squares."""
    from lightning_modules.checkpoint_reading import checkpoint_file

    networks = [f"{file} {file.stat().st_size}" for file in map(checkpoint_file, runs)]
    told = {"bumps": options.bumps, "nearest": options.nearest, "feature": options.feature, "focus": options.focus}
    made = {"references": references.settings, "faces": subjects.source.settings}
    return {**told, "networks": networks, **{key: str(value) for key, value in made.items()}}
