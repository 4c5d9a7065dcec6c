"""Splitting the triangles of a mesh where it is to be finer, without cracks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class RefinedMesh:
    """A mesh whose triangles are parts of those of a coarser one.

    Attributes:
        values: (V', C) attributes of the vertices; the first V are those of the coarse mesh, the others lie in the
            middle between two earlier ones, so that all attributes are linear on each coarse triangle.
        triangles: (T', 3), wound as those that they are parts of.
        parents: (T',) coarse triangle of each.
    """

    values: np.ndarray
    triangles: np.ndarray
    parents: np.ndarray


def refine(
    values: np.ndarray,
    triangles: np.ndarray,
    too_long: Callable[[np.ndarray, np.ndarray, np.ndarray], np.ndarray],
    most_rounds: int = 8,
) -> RefinedMesh:
    """Halve edges until none is too long.

    An edge is split for both triangles that share it or for neither, so a mesh without cracks stays one: the new
    triangles fill exactly the old ones, edges that two triangles share are shared by two, borders stay borders.

    Args:
        values: (V, C) attributes, the first three of them places.
        triangles: (T, 3).
        too_long: of the attributes (V', C) of the vertices so far and of the numbers (E,) and (E,) of the edges' two
            ends, (E,) bool; must not depend on their order.
        most_rounds: edges are halved so often at most.
    """
    values, open_ones = np.asarray(values, dtype=np.float64), np.asarray(triangles, dtype=np.int64)
    parents = np.arange(len(open_ones))
    done, done_parents = [], []
    for _ in range(most_rounds):
        start, end = open_ones.ravel(), np.roll(open_ones, -1, axis=1).ravel()
        split = too_long(values, start, end)
        # Both triangles of an edge find it by the same number; only edges that are split need one.
        start, end = start[split], end[split]
        edges, place = np.unique(np.minimum(start, end) * len(values) + np.maximum(start, end), return_inverse=True)
        start, end = np.divmod(edges, len(values))
        middle = np.full(open_ones.shape, -1)
        middle.ravel()[split] = len(values) + place
        # A triangle without a long edge is done with: whether an edge is split depends on nothing but the edge.
        whole = (middle < 0).all(1)
        done.append(open_ones[whole])
        done_parents.append(parents[whole])
        values = np.concatenate([values, (values[start] + values[end]) / 2])
        open_ones, parents = _divided(open_ones[~whole], parents[~whole], middle[~whole], values[:, :3])
        if not len(open_ones):
            break
    return RefinedMesh(values, np.concatenate([*done, open_ones]), np.concatenate([*done_parents, parents]))


def _divided(
    triangles: np.ndarray, parents: np.ndarray, middle: np.ndarray, places: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Divide each triangle at the middles (T, 3) of its edges 01, 12, 20 (-1 for none) into two to four."""
    has = middle >= 0
    count = has.sum(1)
    # Turn each triangle until its first edge is split, and its third is not unless all are.
    first = np.where(count == 1, has.argmax(1), np.where(count == 2, (~has).argmax(1) + 1, 0)) % 3
    order = (first[:, None] + np.arange(3)) % 3
    a, b, c = np.take_along_axis(triangles, order, 1).T
    ab, bc, ca = np.take_along_axis(middle, order, 1).T
    one, two, three = (count == k for k in (1, 2, 3))
    new, old = [], []

    def add(which: np.ndarray, *corners: np.ndarray) -> None:
        new.append(np.stack([corner[which] for corner in corners], axis=1))
        old.append(parents[which])

    add(one, a, ab, c)
    add(one, ab, b, c)
    add(two, ab, b, bc)
    # What is left of two split edges is a quadrilateral; its shorter diagonal divides it.
    straight = two.copy()
    straight[two] = _squared(places[a[two]] - places[bc[two]]) <= _squared(places[ab[two]] - places[c[two]])
    other = two & ~straight
    add(straight, a, ab, bc)
    add(straight, a, bc, c)
    add(other, a, ab, c)
    add(other, ab, bc, c)
    add(three, a, ab, ca)
    add(three, ab, b, bc)
    add(three, ca, bc, c)
    add(three, ab, bc, ca)
    return np.concatenate(new), np.concatenate(old)


def _squared(vectors: np.ndarray) -> np.ndarray:
    return (vectors**2).sum(1)
