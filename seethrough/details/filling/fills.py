"""Other ways to fill a hole, which example-based filling is measured against."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from seethrough.details.filling.blending import blend
from seethrough.details.filling.hole_filling import Filling, fill_from
from seethrough.details.filling.holed import Holed
from seethrough.details.filling.reference_set import ReferenceSet
from seethrough.details.filling.search import Candidates, ReferenceSearch
from seethrough.details.filling.settings import FillSettings
from seethrough.details.filling.viewpoint import Viewpoint
from seethrough.errors import SeethroughError


def zero_fill(holed: Holed) -> np.ndarray:
    """Return (H, W) mm with no bump in the hole: the bare foundation."""
    return np.where(holed.hole, np.float32(0), holed.bump)


def mean_fill(holed: Holed) -> np.ndarray:
    """Return (H, W) mm with the mean of the visible face in the hole."""
    return np.where(holed.hole, holed.bump[holed.face & ~holed.hole].mean(), holed.bump)


def harmonic_fill(holed: Holed) -> np.ndarray:
    """Return (H, W) mm with a membrane over the hole, which has no detail."""
    if not holed.hole.any():
        return holed.bump.copy()
    filled = blend(holed.bump.astype(np.float64), holed.hole, holed.face, []).bump
    return np.where(holed.hole, filled, holed.bump).astype(np.float32)


def random_reference_fill(
    holed: Holed,
    references: ReferenceSet,
    generator: np.random.Generator,
    settings: FillSettings | None = None,
    *,
    among: np.ndarray | None = None,
) -> Filling:
    """Fill from references in random order, of all or of the rows ``among`` which the order is drawn."""
    rows = np.arange(len(references)) if among is None else among
    return fill_from(holed, references, generator.permutation(rows).tolist(), settings)


def pose_only_fill(
    holed: Holed,
    search: ReferenceSearch,
    pose: Viewpoint,
    settings: FillSettings | None = None,
    *,
    exclude_identity: str | None = None,
) -> Filling:
    """Fill from the reference nearest in viewpoint, whoever it shows."""
    settings = settings or FillSettings()
    ranked = search.nearest(pose, None, k=settings.k, exclude_identity=exclude_identity)
    return fill_from(holed, search.references, ranked, settings)


def same_identity_fill(
    holed: Holed,
    search: ReferenceSearch,
    pose: Viewpoint,
    identity: str,
    settings: FillSettings | None = None,
    *,
    exclude_ids: Iterable[str] = (),
) -> Filling:
    """Fill from other pictures of the same person, the nearest in viewpoint first: what recognition at best can find.

    Args:
        holed: the map.
        search: in the set.
        pose: from where the face is seen.
        identity: name of the person.
        settings: see :class:`FillSettings`.
        exclude_ids: references that may not be used: the very picture.

    Raises:
        SeethroughError: the set has no other picture of the person.
    """
    references, excluded = search.references, set(exclude_ids)
    ranked = search.nearest(pose, None, k=len(references))
    own = np.array(
        [references.identities[row] == identity and references.ids[row] not in excluded for row in ranked.rows], bool
    )
    if not own.any():
        raise SeethroughError(f"{references.folder}: has no other picture of {identity}")
    best = Candidates(ranked.rows[own], ranked.pose_distance[own], ranked.similarity[own])
    return fill_from(holed, references, best, settings)
