"""Filling what occluders hide of a bump map from the bump maps of similar faces (Extreme 3D, Sec. 4.2)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np

from seethrough.details.filling.alignment import Similarity, fit_similarity, warp_reference
from seethrough.details.filling.blending import NO_SOURCE, Source, blend, box_around
from seethrough.details.filling.holed import Holed, Map
from seethrough.details.filling.mixing import mix
from seethrough.details.filling.reference_set import Reference, ReferenceSet
from seethrough.details.filling.report import FillingReport, SourceReport
from seethrough.details.filling.search import Candidates, ReferenceSearch
from seethrough.details.filling.settings import FillSettings
from seethrough.details.filling.viewpoint import Viewpoint


@dataclass(frozen=True)
class Filling:
    """A filled bump map.

    Attributes:
        bump: (H, W) float32 mm towards the camera; outside the hole exactly what it was.
        report: what was done.
        source: (H, W) int32, for each pixel of the hole what filled it: 0 the mixture or the first reference, and so
            on; -1 where no reference covers it, and outside the hole.
    """

    bump: np.ndarray
    report: FillingReport
    source: np.ndarray


def fill_holes(
    bump: Map,
    visible: Map,
    mask_face: Map,
    landmarks: Map,
    pose: Viewpoint,
    feature: np.ndarray | None,
    references: ReferenceSet | ReferenceSearch,
    settings: FillSettings | None = None,
    *,
    exclude_identity: str | None = None,
) -> Filling:
    """Fill the part of a face that is hidden by what lies before it.

    The best references are those whose recognition features are the most alike among those seen from about the same
    side. They are laid over the face by the landmarks in sight, mixed so that they resemble what is seen of it (or,
    with the preset ``paper``, the best one is taken alone), and blended into the hole. What they do not cover is left
    to the next best ones, and what none of them covers to a membrane.

    Args:
        bump: (H, W) or (1, H, W) mm towards the camera; whatever it says inside the hole is ignored.
        visible: as large, above one half on pixels of the face that are seen and trusted.
        mask_face: as large, above one half on the face.
        landmarks: (68, 2) px of the crop.
        pose: from where the face is seen.
        feature: (D,) as the recognition network gives it; None chooses by viewpoint alone.
        references: the set, or for many faces a search in it.
        settings: see :class:`FillSettings`; of a search, its own preset counts.
        exclude_identity: a person whose references may not be used.

    Raises:
        SeethroughError: maps of unlike sizes, no face, a face that is hidden altogether, fewer references than ``k``,
            a feature of another network, or a damaged reference.
    """
    settings = settings or FillSettings()
    holed = Holed.of(bump, visible, mask_face, landmarks, settings.widen)
    if not holed.hole.any():
        return _unchanged(holed)
    search = references if isinstance(references, ReferenceSearch) else ReferenceSearch(references, settings.preset)
    ranked = search.nearest(pose, feature, k=settings.k, exclude_identity=exclude_identity)
    return fill_from(holed, search.references, ranked, settings)


def fill_from(
    holed: Holed,
    references: ReferenceSet | None,
    ranked: Candidates | Iterable[int],
    settings: FillSettings | None = None,
) -> Filling:
    """Fill a hole from references in a given order.

    Args:
        holed: the map.
        references: the set; None makes a membrane.
        ranked: candidates, or rows of the set; none makes a membrane.
        settings: how many references may share the hole.
    """
    settings = settings or FillSettings()
    if not holed.hole.any():
        return _unchanged(holed)
    rows = ranked.rows.tolist() if isinstance(ranked, Candidates) else list(ranked)
    layers = [] if references is None else _layers(holed, references, rows, settings)
    result = blend(holed.bump.astype(np.float64), holed.hole, holed.face, [layer.source for layer in layers])
    count, reports = int(holed.hole.sum()), []
    for number, layer in enumerate(layers):
        filled, weight = float((result.source == number).sum() / count), float(np.abs(layer.weights).sum())
        for laid, part in zip(layer.laid, layer.weights.tolist(), strict=True):
            reports.append(laid.report(abs(part) / weight * filled, part))
    if isinstance(ranked, Candidates):
        reports = [_with_distances(report, ranked, rows.index(report.row)) for report in reports]
    report = FillingReport(
        hole_pixels=count,
        hole_share=float(count / holed.face.sum()),
        sources=tuple(reports),
        mixed=len(layers[0].laid) if layers and len(layers[0].laid) > 1 else 0,
        harmonic_share=float(((result.source == NO_SOURCE) & holed.hole & ~result.adrift).sum() / count),
        adrift_share=float(result.adrift.sum() / count),
        landmarks_seen=int(holed.seen.sum()),
        considered=len(rows),
    )
    filled = np.where(holed.hole, result.bump, 0.0).astype(np.float32)
    return Filling(np.where(holed.hole, filled, holed.bump), report, result.source)


@dataclass(frozen=True)
class _Laid:
    """A reference laid over the face."""

    reference: Reference
    similarity: Similarity
    landmarks: int

    def report(self, share: float, weight: float) -> SourceReport:
        reference, similarity = self.reference, self.similarity
        told = (reference.row, reference.id, reference.identity, None, None, share, weight)
        return SourceReport(*told, similarity.scale, similarity.angle, self.landmarks)


@dataclass(frozen=True)
class _Layer:
    """What one part of the hole is filled from."""

    source: Source
    laid: list[_Laid]
    weights: np.ndarray


def _layers(holed: Holed, references: ReferenceSet, rows: list[int], settings: FillSettings) -> list[_Layer]:
    """Return the mixture of the first references, if several are mixed, and single ones for what is left."""
    box = box_around(holed.hole)
    open_part, layers = holed.hole.copy(), []
    if settings.mixed > 1 and len(rows) > 1:
        laid = [_lay(holed, references[row]) for row in rows[: settings.mixed]]
        pairs = [(each.reference, each.similarity) for each in laid]
        mixture = mix(holed.bump, holed.face & ~holed.hole, pairs, holed.hole, settings.shrinkage)
        layers.append(_Layer(mixture.source, laid, mixture.weights))
        open_part &= ~mixture.source.covered
    least = max(1.0, settings.least_share * float(holed.hole.sum()))
    most = len(layers) + settings.references_at_most
    for row in rows:
        if len(layers) == most or open_part.sum() < least:
            break
        laid = _lay(holed, references[row])
        source = Source(np.zeros(holed.hole.shape), np.zeros(holed.hole.shape, bool))
        source.bump[box], source.covered[box] = warp_reference(laid.reference, laid.similarity, box)
        if (open_part & source.covered).sum() >= least:
            open_part &= ~source.covered
            layers.append(_Layer(source, [laid], np.ones(1)))
    return layers


def _lay(holed: Holed, reference: Reference) -> _Laid:
    guides = holed.guides
    similarity = fit_similarity(reference.landmarks[guides], holed.landmarks[guides])
    return _Laid(reference, similarity, int(guides.sum()))


def _with_distances(report: SourceReport, ranked: Candidates, place: int) -> SourceReport:
    similarity = float(ranked.similarity[place])
    return replace(
        report,
        pose_distance=float(ranked.pose_distance[place]),
        similarity=None if np.isnan(similarity) else similarity,
    )


def _unchanged(holed: Holed) -> Filling:
    none = np.full(holed.hole.shape, NO_SOURCE, np.int32)
    return Filling(holed.bump.copy(), FillingReport(0, 0.0, landmarks_seen=int(holed.seen.sum())), none)
