"""The edges of a face model, their weights, and its pairs of mirrored vertices; computed once a model."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from weakref import WeakKeyDictionary

import numpy as np
from scipy import sparse
from scipy.sparse.csgraph import connected_components
from scipy.spatial import KDTree

from seethrough.morphable.face_model import FaceModel

MIDLINE_MM = 0.5
"""A vertex of the mean face that is its own partner lies at most so far from the middle; others have no partner."""

_AROUND_MM = 3.0


@dataclass(frozen=True)
class VertexGraph:
    """The mesh of a face model as a graph.

    Attributes:
        mean: (V, 3) mm, model frame.
        triangles: (T, 3), the model's own.
        edges: (E, 2) vertices, each edge once, the smaller first.
        mirror: (V,) vertex on the other side.
        paired: (V,) bool, vertices that have a partner, or are their own on the midline.
    """

    mean: np.ndarray
    triangles: np.ndarray
    edges: np.ndarray
    mirror: np.ndarray
    paired: np.ndarray
    factors: dict = field(default_factory=dict, repr=False)
    """Factorisations that :mod:`~seethrough.details.symmetry.completion` keeps."""

    @property
    def vertex_count(self) -> int:
        """V."""
        return len(self.mean)

    @cached_property
    def adjacency(self) -> sparse.csr_matrix:
        """(V, V), 1 for each edge, both ways."""
        a, b = self.edges.T
        ones = np.ones(2 * len(a))
        return sparse.csr_matrix((ones, (np.r_[a, b], np.r_[b, a])), shape=(self.vertex_count,) * 2)

    def weights(self, kind: str) -> np.ndarray:
        """Return (E,) weights of the edges: all 1, or half the sum of the cotangents of the angles across (cotan).

        Cotangents of the mean face, at least 0.01: a Laplacian with negative weights has no maximum principle.
        """
        if kind == "uniform":
            return np.ones(len(self.edges))
        return self._cotangents

    @cached_property
    def _cotangents(self) -> np.ndarray:
        corners = self.mean[self.triangles]
        total = np.zeros(len(self.edges))
        count = self.vertex_count
        keys = self.edges @ [count, 1]
        for k in range(3):
            u, v = corners[:, (k + 1) % 3] - corners[:, k], corners[:, (k + 2) % 3] - corners[:, k]
            area = np.linalg.norm(np.cross(u, v), axis=1)
            across = np.sort(self.triangles[:, [(k + 1) % 3, (k + 2) % 3]], axis=1) @ [count, 1]
            cotangent = (u * v).sum(1) / np.maximum(area, 1e-12)
            np.add.at(total, np.searchsorted(keys, across), cotangent / 2)
        return np.clip(total, 0.01, 100.0)

    @cached_property
    def loose_parts(self) -> list[tuple[np.ndarray, np.ndarray]]:
        """Parts of the mesh that hang on nothing, as eyeballs do: (their vertices, vertices of the skin around them).

        The skin is the largest part; around are its vertices within 3 mm of the part, or else the nearest one.
        """
        count, label = connected_components(self.adjacency, directed=False)
        skin = np.flatnonzero(label == np.bincount(label).argmax())
        found = []
        for part in range(count):
            members = np.flatnonzero(label == part)
            if members[0] in skin:
                continue
            distance, _ = KDTree(self.mean[members]).query(self.mean[skin])
            found.append((members, skin[distance <= max(_AROUND_MM, distance.min())]))
        return found

    def grown(self, members: np.ndarray, rings: int = 1) -> np.ndarray:
        """Return (V,) bool: the vertices of a set and those up to ``rings`` edges away."""
        for _ in range(rings):
            members = members | (self.adjacency @ members.astype(np.float64) > 0)
        return members

    def opened(self, members: np.ndarray, rings: int) -> np.ndarray:
        """Return a set without what is gone when its border is taken off ``rings`` times (erosion, then dilation)."""
        return self.grown(~self.grown(~members, rings), rings) & members if rings else members


_known: WeakKeyDictionary[FaceModel, VertexGraph] = WeakKeyDictionary()


def vertex_graph(model: FaceModel) -> VertexGraph:
    """Return the graph of a face model."""
    if model not in _known:
        triangles = model.triangles.cpu().numpy().astype(np.int64)
        edges = np.concatenate([triangles[:, [0, 1]], triangles[:, [1, 2]], triangles[:, [2, 0]]])
        edges = np.unique(np.sort(edges, axis=1), axis=0)
        mean, mirror = model.mean.double().cpu().numpy(), model.mirror.cpu().numpy()
        own = np.arange(len(mean))
        paired = (mirror[mirror] == own) & ((mirror != own) | (np.abs(mean[:, 0]) <= MIDLINE_MM))
        _known[model] = VertexGraph(mean, triangles, edges, mirror, paired)
    return _known[model]
