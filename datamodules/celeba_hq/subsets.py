"""The occluded and unoccluded subsets of the test photos of CelebA-HQ.

FOCUS drew 750 occluded and 558 unoccluded test photos at random and published neither ids nor rule. Here the rule is
published, so that everyone who has the data set finds the same photos: a function of the annotation and of a seed.

* occluded: at least 5 % of the face hull is covered (:mod:`datamodules.celeba_hq.face_hull`);
* unoccluded: less than 1 %, nose, both lips and an eye are annotated, and no glasses;
* of either, the photos whose SHA-256 of ``"SEED ID"`` is smallest, 750 and 558 of them. No random number generator is
  asked, whose stream might differ between versions.
"""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from datamodules.celeba_hq.face_hull import Occlusion, occlusion
from datamodules.celeba_hq.face_mask import PartMasks, visible_face
from datamodules.celeba_hq.subset_file import COLUMNS

SEED = "seethrough CelebA-HQ subsets 1"
COUNTS = {"occluded": 750, "unoccluded": 558}
OCCLUDED_FROM, UNOCCLUDED_BELOW = 5, 1
"""Percent of the face hull."""


@dataclass(frozen=True)
class Measured:
    """What the rule reads from the masks of one photo."""

    id: str
    occlusion: Occlusion
    complete: bool

    @property
    def kind(self) -> str:
        """``occluded``, ``unoccluded`` or empty; compared in whole numbers."""
        hull, occluded = self.occlusion.hull, self.occlusion.occluded
        if hull == 0:
            return ""
        if 100 * occluded >= OCCLUDED_FROM * hull:
            return "occluded"
        return "unoccluded" if self.complete and 100 * occluded < UNOCCLUDED_BELOW * hull else ""


def measure(identifier: str, parts: PartMasks) -> Measured:
    """Read the masks of one photo.

    Raises:
        SeethroughError: a mask is damaged or there is no skin.
    """
    masks = parts.read_classes()
    face = visible_face(masks, f"{parts.folder / parts.stem}_skin.png")
    return Measured(identifier, occlusion(face, masks), _complete(masks))


def draw(measured: Iterable[Measured], counts: Mapping[str, int] = COUNTS, seed: str = SEED) -> dict[str, str]:
    """Return id -> subset of the drawn photos: of each kind as many as ``counts`` says, or all if there are fewer.

    The order of the photos does not matter, and a photo that is missing changes nothing but its own place.
    """
    kinds = {each.id: each.kind for each in measured}
    drawn: dict[str, str] = {}
    for kind, count in counts.items():
        candidates = sorted(
            (_digest(seed, identifier), identifier) for identifier in kinds if kinds[identifier] == kind
        )
        drawn.update((identifier, kind) for _, identifier in candidates[:count])
    return drawn


def subset_table(measured: Sequence[Measured], drawn: Mapping[str, str]) -> str:
    """Write the CSV list: all measured photos by id, those that were not drawn without a subset."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    for each in sorted(measured, key=lambda one: one.id):
        writer.writerow([each.id, drawn.get(each.id, ""), each.occlusion.hull, each.occlusion.occluded])
    return text.getvalue()


def table_digest(table: str) -> str:
    """Return the SHA-256 by which two lists are compared."""
    return hashlib.sha256(table.encode()).hexdigest()


def _complete(masks: Mapping[str, np.ndarray]) -> bool:
    there = {name for name, mask in masks.items() if mask.any()}
    return {"nose", "u_lip", "l_lip"} <= there and bool({"l_eye", "r_eye"} & there) and "eye_g" not in there


def _digest(seed: str, identifier: str) -> bytes:
    return hashlib.sha256(f"{seed} {identifier}".encode()).digest()
