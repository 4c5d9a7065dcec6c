"""Filling what occluders hide of a bump map from the bump maps of similar faces (Extreme 3D, Sec. 4.2)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from seethrough.details.filling.blending import NO_SOURCE, blend
from seethrough.details.filling.holed import Holed, Map
from seethrough.details.filling.layers import Layer, Layers
from seethrough.details.filling.reference_set import ReferenceSet
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
    return fills_from(holed, references, ranked, [settings or FillSettings()])[0]


def fills_from(
    holed: Holed,
    references: ReferenceSet | None,
    ranked: Candidates | Iterable[int],
    settings: Sequence[FillSettings],
) -> list[Filling]:
    """Fill a hole once with each of some settings, as :func:`fill_from`; references are read and sampled once."""
    if not holed.hole.any():
        return [_unchanged(holed) for _ in settings]
    rows = ranked.rows.tolist() if isinstance(ranked, Candidates) else list(ranked)
    if references is None:
        return [_filled(holed, [], rows, ranked) for _ in settings]
    layers = Layers(holed, references, rows, max(each.mixed for each in settings))
    return [_filled(holed, layers.of(each), rows, ranked) for each in settings]


def _filled(holed: Holed, layers: list[Layer], rows: list[int], ranked: Candidates | Iterable[int]) -> Filling:
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
