"""Gradient-domain blending of references into a hole (Perez et al., SIGGRAPH 2003; Extreme 3D, Sec. 4.2)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from seethrough.details.filling.grid_equation import GridEquation

NO_SOURCE = -1


@dataclass(frozen=True)
class Source:
    """What a hole may be filled from.

    Attributes:
        bump: (H, W) mm, anything where it is not covered.
        covered: (H, W) bool.
        steps: two of (H, W) mm, by which the bump rises from each pixel to the one at its right and to the one below,
            anything where these are not both covered; None for the differences of ``bump``.
    """

    bump: np.ndarray
    covered: np.ndarray
    steps: tuple[np.ndarray, np.ndarray] | None = None

    def within(self, box: tuple[slice, slice]) -> Source:
        """Return the part in a box."""
        steps = None if self.steps is None else (self.steps[0][box], self.steps[1][box])
        return Source(self.bump[box], self.covered[box], steps)

    def gradient(self, axis: int) -> np.ndarray:
        """Return by how much the bump rises from pixel to pixel along an axis, one less than there are pixels."""
        first, second = pairs(axis)
        if self.steps is not None:
            return self.steps[0 if axis == 1 else 1][first]
        return self.bump[second] - self.bump[first]


@dataclass(frozen=True)
class Blend:
    """A filled map.

    Attributes:
        bump: (H, W) float64 mm; outside the hole what was there.
        source: (H, W) int32, the number of the source that each pixel of the hole is filled from, and -1 where none
            covers it and elsewhere.
        adrift: (H, W) bool, parts of the hole that touch no visible pixel.
    """

    bump: np.ndarray
    source: np.ndarray
    adrift: np.ndarray


def blend(bump: np.ndarray, hole: np.ndarray, face: np.ndarray, sources: Sequence[Source]) -> Blend:
    """Fill a hole so that its gradients are those of the sources and its border is that of the face around it.

    Minimises the sum of squared differences between the gradients of the result and those of the sources over all
    pairs of neighbouring pixels of which one lies in the hole. A pixel takes the first source that covers it; the
    gradient between pixels of two sources is the mean of theirs; where there is no source it is 0, which makes a
    membrane. Visible pixels of the face beside the hole are held (Dirichlet). Pixels that are not of the face have no
    part in it, so that the face's outline is free (Neumann).

    Parts of the hole that touch no visible pixel have nothing to blend with: they take their source as it is, and
    the mean of the visible face where there is none.

    Args:
        bump: (H, W) float64 mm, finite on the visible face.
        hole: (H, W) bool, inside the face.
        face: (H, W) bool.
        sources: best first.
    """
    filled = np.array(bump, dtype=np.float64)
    label = _first_source(hole, sources)
    held = face & ~hole
    adrift = _untouched(hole, held)
    if adrift.any():
        filled[adrift] = filled[held].mean() if held.any() else 0.0
        for number, source in enumerate(sources):
            here = adrift & (label == number)
            filled[here] = source.bump[here]
    hole = hole & ~adrift
    if not hole.any():
        return Blend(filled, label, adrift)
    box = box_around(hole)
    inside = hole[box]
    parts = [source.within(box) for source in sources]
    filled[box] = np.where(inside, _solved(filled[box], inside, held[box], parts, label[box]), filled[box])
    return Blend(filled, label, adrift)


def _solved(
    bump: np.ndarray, hole: np.ndarray, held: np.ndarray, sources: Sequence[Source], label: np.ndarray
) -> np.ndarray:
    wanted, anchor = np.zeros(bump.shape), np.zeros(bump.shape)
    weights = []
    for axis in (1, 0):
        first, second = pairs(axis)
        gradient = _gradients(sources, label, axis)
        weights.append((hole[first] & hole[second]).astype(np.float64))
        for here, there, sign in ((first, second, 1.0), (second, first, -1.0)):
            # The gradient is that of the second pixel less the first.
            border = hole[here] & held[there]
            anchor[here] += border
            wanted[here] += border * np.where(border, bump[there], 0.0)
            wanted[here] -= sign * np.where(hole[here] & (hole[there] | held[there]), gradient, 0.0)
    start = np.zeros(bump.shape)
    for number, source in enumerate(sources):
        start[label == number] = source.bump[label == number]
    return GridEquation(weights[0], weights[1], anchor).solve(wanted, start)


def _gradients(sources: Sequence[Source], label: np.ndarray, axis: int) -> np.ndarray:
    """Return the mean gradient of those sources that one of two neighbours takes and that cover both.

    Where no such source covers both, it is that of the first one that does, and 0 where none does.
    """
    first, second = pairs(axis)
    total, count = np.zeros(label[first].shape), np.zeros(label[first].shape)
    for number, source in enumerate(sources):
        taken = (label[first] == number) | (label[second] == number)
        taken &= source.covered[first] & source.covered[second]
        total += np.where(taken, source.gradient(axis), 0.0)
        count += taken
    for source in sources:
        other = (count == 0) & source.covered[first] & source.covered[second]
        total += np.where(other, source.gradient(axis), 0.0)
        count += other
    return total / np.maximum(count, 1)


def _first_source(hole: np.ndarray, sources: Sequence[Source]) -> np.ndarray:
    label = np.full(hole.shape, NO_SOURCE, np.int32)
    for number, source in enumerate(sources):
        label[hole & source.covered & (label == NO_SOURCE)] = number
    return label


def _untouched(hole: np.ndarray, held: np.ndarray) -> np.ndarray:
    """Return the parts of the hole without a visible neighbour."""
    parts = np.zeros(hole.shape, np.int32)
    count = int(ndimage.label(hole, output=parts))  # pyright: ignore[reportArgumentType]
    touched = np.zeros(count + 1, bool)
    for axis in (1, 0):
        first, second = pairs(axis)
        for here, there in ((first, second), (second, first)):
            touched[parts[here][held[there]]] = True
    touched[0] = True
    return ~touched[parts]


def pairs(axis: int) -> tuple[tuple[slice, slice], tuple[slice, slice]]:
    """Return what picks each pixel and its neighbour along an axis."""
    every, but_last, but_first = slice(None), slice(None, -1), slice(1, None)
    return ((every, but_last), (every, but_first)) if axis == 1 else ((but_last, every), (but_first, every))


def box_around(hole: np.ndarray) -> tuple[slice, slice]:
    """Return rows and columns of the hole with one pixel of room."""
    slices = []
    for axis in (1, 0):
        places = np.flatnonzero(hole.any(axis))
        slices.append(slice(max(int(places[0]) - 1, 0), min(int(places[-1]) + 2, hole.shape[1 - axis])))
    return slices[0], slices[1]
