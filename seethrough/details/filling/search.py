"""Finding the reference that a hole is filled from: first by viewpoint, then by who it shows (Extreme 3D, Sec. 4.2)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from seethrough.details.filling.reference_set import ReferenceSet
from seethrough.details.filling.vector_search import vector_search
from seethrough.details.filling.viewpoint import Viewpoint, rotation_matrices
from seethrough.errors import SeethroughError

PRESETS = ("default", "paper")
"""``default``: angle between the rotations, cosine of centred features. ``paper``: distance of the six numbers of the
viewpoint, cosine of features as the network gives them."""

NEAREST = 100
"""Length of the short list by viewpoint (paper)."""


@dataclass(frozen=True)
class Candidates:
    """References on the short list, best first.

    Attributes:
        rows: (k,) int64, in the set.
        pose_distance: (k,) angle between the rotations in rad, or with ``paper`` the distance of viewpoints in
            standard deviations.
        similarity: (k,) cosine of the features, NaN where there are none.
    """

    rows: np.ndarray
    pose_distance: np.ndarray
    similarity: np.ndarray

    def __len__(self) -> int:
        return len(self.rows)


class ReferenceSearch:
    """Ranks the references of one set for query after query.

    Args:
        references: the set.
        preset: one of :data:`PRESETS`.

    Raises:
        SeethroughError: an unknown preset.
    """

    def __init__(self, references: ReferenceSet, preset: str = "default") -> None:
        if preset not in PRESETS:
            raise SeethroughError(f"unknown search preset {preset!r}: choose one of {', '.join(PRESETS)}")
        self.references, self.preset = references, preset
        if preset == "default":
            self._scale = np.ones(9)
            vectors = references.rotation_matrices.reshape(-1, 9)
            self._features = references.feature
        else:
            vectors = np.concatenate([references.rotation, references.translation], axis=1)
            # Radians would vanish beside millimetres.
            spread = vectors.std(0)
            self._scale = 1 / np.where(spread > 1e-9, spread, 1.0)
            vectors = vectors * self._scale
            self._features = references.plain_feature
        self._search = vector_search(vectors)
        identities: dict[str, list[int]] = {}
        for row, identity in enumerate(references.identities):
            if identity is not None:
                identities.setdefault(identity, []).append(row)
        self._rows_of = {identity: np.array(rows) for identity, rows in identities.items()}

    def nearest(
        self, pose: Viewpoint, feature: np.ndarray | None, *, k: int = NEAREST, exclude_identity: str | None = None
    ) -> Candidates:
        """Return the ``k`` references nearest in viewpoint, those with the most alike features first.

        Args:
            pose: of the face to be filled.
            feature: (D,) as the network gives it; None ranks by viewpoint alone, as does a set without features.
            k: length of the short list.
            exclude_identity: a person whose faces may not be used: evaluations leave out the person in question.

        Raises:
            SeethroughError: fewer than ``k`` references, or a feature of another network.
        """
        references = self.references
        own = self._rows_of.get(exclude_identity, np.empty(0, np.int64)) if exclude_identity is not None else []
        if k < 1:
            raise SeethroughError(f"k={k}: a short list has at least one reference")
        if len(references) - len(own) < k:
            left = f", {len(references) - len(own)} without {exclude_identity}" if len(own) else ""
            raise SeethroughError(
                f"{references.folder}: {len(references)} references{left}, fewer than k={k}; lower k or add references"
            )
        rows, squared = self._search.nearest(self._vector(pose), k + len(own))
        if len(own):
            others = ~np.isin(rows, own)
            rows, squared = rows[others][:k], squared[others][:k]
        distance = np.sqrt(np.maximum(squared, 0))
        if self.preset == "default":
            # |A - B|^2 = 8 sin^2(angle / 2) for rotations
            distance = 2 * np.arcsin(np.clip(distance / np.sqrt(8), 0, 1))
        if feature is None or references.description.feature_size == 0:
            return Candidates(rows, distance, np.full(len(rows), np.nan))
        similarity = self._features[rows].astype(np.float64) @ self._compared(feature)
        order = np.lexsort((distance, -similarity))
        return Candidates(rows[order], distance[order], similarity[order])

    def _vector(self, pose: Viewpoint) -> np.ndarray:
        if self.preset == "default":
            return rotation_matrices(pose.rotation[None]).reshape(9)
        return np.concatenate([pose.rotation, pose.translation]) * self._scale

    def _compared(self, feature: np.ndarray) -> np.ndarray:
        value = np.asarray(feature, dtype=np.float64)
        description = self.references.description
        if value.shape != (description.feature_size,):
            raise SeethroughError(
                f"{self.references.folder}: has features of {description.feature_size} numbers from "
                f"'{description.feature_network}', this face has {value.size}; use the same recognition network"
            )
        if not np.isfinite(value).all():
            raise SeethroughError("the recognition feature of the face is not finite")
        if self.preset == "default":
            return self.references.centred(value[None])[0].astype(np.float64)
        return value / max(float(np.linalg.norm(value)), 1e-12)


def nearest(
    references: ReferenceSet,
    pose: Viewpoint,
    feature: np.ndarray | None,
    *,
    preset: str = "default",
    k: int = NEAREST,
    exclude_identity: str | None = None,
) -> Candidates:
    """Rank references for one face, see :meth:`ReferenceSearch.nearest`; keep a search for many faces."""
    return ReferenceSearch(references, preset).nearest(pose, feature, k=k, exclude_identity=exclude_identity)
