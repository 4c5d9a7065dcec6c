"""Whose faces are compared: rendered people, or photos with a list of pairs such as LFW's."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from datamodules.lfw.pairs import read_pairs
from datamodules.photos.faults import refuse_or_skip
from experiments.protocols.verification_pairs import PhotoPairs
from seethrough.errors import SeethroughError
from seethrough.metrics.identity_pairs import identity_pairs
from tools.reference_index.face_source import FaceSource, SourceFace, UnfitFace

if TYPE_CHECKING:
    from datamodules.people.datamodule import PeopleDataModule

FOLDS = 10
OWN_PICTURES = 2
"""Of each rendered person, in no pair: what the oracle, which knows whom a face shows, may fill from."""


@dataclass(frozen=True)
class Subjects:
    """Faces and the pairs that they are compared in.

    Attributes:
        source: of the faces.
        places: in the source, of the faces that are in pairs.
        ids: of these faces.
        pairs: by these ids.
        own: places in the source of further pictures of the same people; empty where there are none.
        people: of each pair, (P, 2) numbers.
        title: what they are, for pictures.
    """

    source: FaceSource
    places: list[int]
    ids: list[str]
    pairs: PhotoPairs
    own: list[int]
    people: np.ndarray
    title: str


def rendered_subjects(data: PeopleDataModule, split: str, folds: int = FOLDS) -> Subjects:
    """Return the people of a split; what of its pool is missing is rendered.

    Raises:
        SeethroughError: too few people for so many folds, or too few pictures of each.
    """
    from tools.reference_index.rendered_faces import RenderedFaces

    spec = data.spec(split)
    each = data.config.scene.images_per_identity
    paired = each - OWN_PICTURES
    if paired < 2:
        raise SeethroughError(
            f"data.scene.images_per_identity={each}: the study compares some pictures of a person and lets the oracle "
            f"fill from {OWN_PICTURES} others; give at least {OWN_PICTURES + 2}"
        )
    people = np.array([spec.person(row) for row in range(spec.rows)])
    within = np.arange(spec.rows) - np.searchsorted(people, people)
    rows = np.flatnonzero(within < paired)
    try:
        pairs = identity_pairs(people[rows], folds)
    except ValueError as error:
        size = {"test": "test_size", "validation": "validation_size"}.get(split, "size")
        raise SeethroughError(f"{error}: raise data.{size}={spec.rows}, or lower --folds") from None
    ids = [f"{spec.name}-{row:06d}" for row in rows]
    listed = PhotoPairs(
        [ids[place] for place in pairs.first], [ids[place] for place in pairs.second], pairs.same, pairs.folds, (), ""
    )
    numbers = people[rows]
    return Subjects(
        RenderedFaces(data, split),
        rows.tolist(),
        ids,
        listed,
        np.flatnonzero(within >= paired).tolist(),
        np.stack([numbers[pairs.first], numbers[pairs.second]], 1),
        f"{spec.people} rendered people of {split}",
    )


def listed_subjects(source: Any, path: Path) -> Subjects:
    """Return the photos of a list of pairs in LFW's form that a folder of bump targets has; pairs may lack a photo.

    Args:
        source: :class:`~tools.reference_index.target_faces.TargetFaces`.
        path: the list.

    Raises:
        SeethroughError: no list, one with faults, one of a single fold, or one whose photos the folder has not.
    """
    listed = read_pairs(path)
    refuse_or_skip(listed.faults, str(path), skip_bad=False)
    if listed.folds < 2:
        raise SeethroughError(f"{path}: has one fold, and a threshold is chosen on the others; take LFW's pairs.txt")
    places = [place for place, name in enumerate(source.ids) if name in listed.images]
    if not places:
        first = next(iter(listed.images))
        raise SeethroughError(
            f"{path}: the folder of bump targets has none of its {len(listed.images)} photos, such as {first}; make "
            "them of data/lfw"
        )
    pairs = PhotoPairs(
        [pair.first for pair in listed.pairs],
        [pair.second for pair in listed.pairs],
        np.array([pair.same for pair in listed.pairs], dtype=bool),
        np.array([pair.fold for pair in listed.pairs], dtype=int),
        (),
        "",
    )
    number = {name: place for place, name in enumerate(dict.fromkeys(listed.images.values()))}
    both = [[number[listed.images[name]] for name in names] for names in (pairs.first, pairs.second)]
    return Subjects(source, places, [source.ids[place] for place in places], pairs, [], np.array(both).T, path.name)


class ChosenFaces:
    """Some faces of a source, with other bump maps where a file of them is given.

    Args:
        source: of all faces.
        places: of those that are chosen.
        bumps: (N, S, S) uint16 codes of all faces of the source; None for the source's own bump maps.
        told: what the bump maps are, for reference sets that are compared with theirs.
    """

    def __init__(
        self, source: FaceSource, places: Sequence[int], bumps: np.ndarray | None = None, told: str = ""
    ) -> None:
        self._source, self._places, self._bumps = source, list(places), bumps
        self.model, self.crop_size = source.model, source.crop_size
        self.settings = {**source.settings, "chosen": len(self._places), "bumps": told}

    def __len__(self) -> int:
        return len(self._places)

    def faces(self, places: Sequence[int]) -> list[SourceFace | UnfitFace]:
        """Return some of them."""
        from seethrough.details.bump_encoding import decode_bump

        chosen = [self._places[place] for place in places]
        faces = self._source.faces(chosen)
        if self._bumps is None:
            return faces
        return [
            replace(face, bump=decode_bump(self._bumps[place])) if isinstance(face, SourceFace) else face
            for place, face in zip(chosen, faces, strict=True)
        ]
