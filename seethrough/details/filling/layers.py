"""What the parts of a hole are filled from: a mixture of the first references, and single ones for what it lacks."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from seethrough.details.filling.alignment import Similarity, fit_similarity, warp_reference
from seethrough.details.filling.blending import Source, box_around
from seethrough.details.filling.holed import Holed
from seethrough.details.filling.mixing import SampledReferences
from seethrough.details.filling.reference_set import Reference, ReferenceSet
from seethrough.details.filling.report import SourceReport
from seethrough.details.filling.settings import FillSettings


@dataclass(frozen=True)
class LaidReference:
    """A reference laid over the face.

    Attributes:
        reference: the reference.
        similarity: from its crop to that of the face.
        landmarks: how many the similarity rests on.
    """

    reference: Reference
    similarity: Similarity
    landmarks: int

    @classmethod
    def over(cls, holed: Holed, reference: Reference) -> LaidReference:
        """Lay a reference over a face by the landmarks in sight."""
        guides = holed.guides
        similarity = fit_similarity(reference.landmarks[guides], holed.landmarks[guides])
        return cls(reference, similarity, int(guides.sum()))

    def report(self, share: float, weight: float) -> SourceReport:
        """Tell of it, with the share of the hole that it filled and its weight in a mixture."""
        reference, similarity = self.reference, self.similarity
        told = (reference.row, reference.id, reference.identity, None, None, share, weight)
        return SourceReport(*told, similarity.scale, similarity.angle, self.landmarks)


@dataclass(frozen=True)
class Layer:
    """What one part of a hole is filled from.

    Attributes:
        source: bump and where it says something.
        laid: the references that it was made of.
        weights: (M,) of these.
    """

    source: Source
    laid: list[LaidReference]
    weights: np.ndarray


class Layers:
    """Makes the layers of one hole, for several settings from the same samples.

    Args:
        holed: the map.
        references: the set.
        rows: of the set, best first.
        most: references that are mixed at most.
    """

    def __init__(self, holed: Holed, references: ReferenceSet, rows: list[int], most: int) -> None:
        self._holed, self._references, self._rows = holed, references, rows
        self._laid: list[LaidReference] = []
        if most > 1 and len(rows) > 1:
            self._laid = [LaidReference.over(holed, references[row]) for row in rows[:most]]
            pairs = [(each.reference, each.similarity) for each in self._laid]
            self._sampled = SampledReferences(holed.bump, holed.face & ~holed.hole, pairs, holed.hole)

    def of(self, settings: FillSettings) -> list[Layer]:
        """Return the mixture of the first references, if several are mixed, and single ones for what is left."""
        hole = self._holed.hole
        box, open_part, layers = box_around(hole), hole.copy(), []
        if settings.mixed > 1 and self._laid:
            laid = self._laid[: settings.mixed]
            mixture = self._sampled.mixture(len(laid), settings.shrinkage)
            layers.append(Layer(mixture.source, laid, mixture.weights))
            open_part &= ~mixture.source.covered
        least = max(1.0, settings.least_share * float(hole.sum()))
        most = len(layers) + settings.references_at_most
        for row in self._rows:
            if len(layers) == most or open_part.sum() < least:
                break
            one = LaidReference.over(self._holed, self._references[row])
            source = Source(np.zeros(hole.shape), np.zeros(hole.shape, bool))
            source.bump[box], source.covered[box] = warp_reference(one.reference, one.similarity, box)
            if (open_part & source.covered).sum() >= least:
                open_part &= ~source.covered
                layers.append(Layer(source, [one], np.ones(1)))
        return layers
