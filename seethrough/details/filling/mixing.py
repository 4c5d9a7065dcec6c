"""Several references filling one hole together, each with the weight that the visible part of the face gives it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from seethrough.details.filling.alignment import Similarity, warp_reference
from seethrough.details.filling.blending import Source, box_around
from seethrough.details.filling.reference_set import Reference
from seethrough.details.filling.sampling import mix_maps

CELLS = 64
"""Cells along a side of the crop; weights are found from the means of the visible face in such cells."""

LEAST_COVER = 0.5
"""Share of the references that has to cover a pixel for their mixture to fill it."""

Laid = tuple[Reference, Similarity]


@dataclass(frozen=True)
class Mixture:
    """What some references say together.

    Attributes:
        source: what a hole is filled from.
        weights: (M,) of the references; they sum to 1, and some may be negative.
    """

    source: Source
    weights: np.ndarray


class SampledReferences:
    """References laid over a face, sampled once, to be mixed in such parts that they resemble what is seen of it.

    The face is taken for the mean of the references and a weighted sum of their differences from it, by ridge
    regression over the visible pixels: faces that are alike where one sees them are, in some degree, alike where one
    does not. One face alone shares so little of its relief with another that a copy of it errs more than no copy.

    Args:
        bump: (H, W) mm.
        held: (H, W) bool, visible pixels of the face.
        references: each with the similarity that lays it over the face.
        wanted: (H, W) bool, pixels that shall be filled; a mixture says something there and next to them.
    """

    def __init__(self, bump: np.ndarray, held: np.ndarray, references: Sequence[Laid], wanted: np.ndarray) -> None:
        step = max(1, round(max(held.shape) / CELLS))
        cells, seen = _cell_means(bump, held, step)
        grid = box_around(seen) if seen.any() else (slice(0, 1), slice(0, 1))
        seen = seen[grid]
        self._cells, self._box, self._shape = cells[grid][seen], box_around(wanted), wanted.shape
        # Gradients are taken across the hole's border, and nothing farther out is looked at.
        near, count = ndimage.binary_dilation(wanted[self._box]), len(references)
        self._cell_values, self._cell_covered = (
            np.empty((count, len(self._cells))),
            np.empty((count, len(self._cells)), bool),
        )
        self._bumps, self._covered = np.empty((count, *near.shape), np.float32), np.empty((count, *near.shape), bool)
        for number, (reference, similarity) in enumerate(references):
            values, covered = warp_reference(reference, _in_cells(similarity, step), grid, samples=2, wanted=seen)
            self._cell_values[number], self._cell_covered[number] = values[seen], covered[seen]
            out = (self._bumps[number], self._covered[number])
            warp_reference(reference, similarity, self._box, wanted=near, out=out)

    def mixture(self, count: int, shrinkage: float) -> Mixture:
        """Mix the first ``count`` references.

        Args:
            count: at least 1.
            shrinkage: of the references' mean energy, how strongly weights are drawn towards those of the plain mean.
        """
        covered = self._cell_covered[:count]
        # A reference's own level says nothing: the blend takes that of the face around the hole.
        offsets = (self._cell_values[:count] * covered).sum(1) / np.maximum(covered.sum(1), 1)
        values = np.where(covered, self._cell_values[:count] - offsets[:, None], 0.0)
        mean = values.sum(0) / np.maximum(covered.sum(0), 1)
        known = covered.any(0)
        target = self._cells - mean
        target = np.where(known, target - target[known].mean() if known.any() else 0.0, 0.0)
        weights = _ridge(np.where(covered, values - mean, 0.0), target, shrinkage)
        return Mixture(self._mixed(weights, offsets), (1 - weights.sum()) / len(weights) + weights)

    def _mixed(self, weights: np.ndarray, offsets: np.ndarray) -> Source:
        """Mix bumps, and the steps from pixel to pixel for themselves: no step where a reference ends."""
        size, (rows, columns) = self._bumps.shape[1:], self._box
        mixed, count = np.empty((3, *size)), np.empty(size, np.int32)
        mix_maps(self._bumps[: len(weights)], self._covered[: len(weights)], offsets, weights, mixed, count)
        maps, enough = np.zeros((3, *self._shape)), np.zeros(self._shape, bool)
        maps[:, rows, columns] = mixed
        enough[rows, columns] = count >= LEAST_COVER * len(weights)
        return Source(maps[0], enough, (maps[1], maps[2]))


def _ridge(differences: np.ndarray, target: np.ndarray, shrinkage: float) -> np.ndarray:
    """Return the (M,) weights of (M, N) differences whose sum comes near the (N,) target."""
    energy = differences @ differences.T
    ridge = shrinkage * float(np.trace(energy)) / len(energy)
    if not ridge > 0:
        return np.zeros(len(energy))
    return np.linalg.solve(energy + ridge * np.eye(len(energy)), differences @ target)


def _cell_means(bump: np.ndarray, held: np.ndarray, step: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the means of what is seen in square cells, and which cells are seen for the greater part."""
    height, width = (side // step for side in held.shape)
    blocks = (height, step, width, step)
    inside = held[: height * step, : width * step].reshape(blocks)
    values = np.where(inside, bump[: height * step, : width * step].reshape(blocks), 0.0)
    count = inside.sum((1, 3))
    return values.sum((1, 3)) / np.maximum(count, 1), 2 * count > step * step


def _in_cells(similarity: Similarity, step: int) -> Similarity:
    """Return the similarity to a picture whose pixels are cells."""
    return Similarity(similarity.linear / step, similarity.shift / step)
