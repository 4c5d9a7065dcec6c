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


def mix(
    bump: np.ndarray, held: np.ndarray, references: Sequence[Laid], wanted: np.ndarray, shrinkage: float
) -> Mixture:
    """Mix references in such parts that they resemble the visible face.

    The face is taken for the mean of the references and a weighted sum of their differences from it, by ridge
    regression over the visible pixels: faces that are alike where one sees them are, in some degree, alike where one
    does not. One face alone shares so little of its relief with another that a copy of it errs more than no copy.

    Args:
        bump: (H, W) mm.
        held: (H, W) bool, visible pixels of the face.
        references: each with the similarity that lays it over the face.
        wanted: (H, W) bool, pixels that shall be filled; the mixture says something there and next to them.
        shrinkage: of the references' mean energy, how strongly weights are drawn towards those of the plain mean.
    """
    step = max(1, round(max(held.shape) / CELLS))
    cells, seen = _cell_means(bump, held, step)
    grid = box_around(seen) if seen.any() else (slice(0, 1), slice(0, 1))
    cells, seen = cells[grid], seen[grid]
    values, covered = np.zeros((len(references), *cells.shape)), np.zeros((len(references), *cells.shape), bool)
    for number, (reference, similarity) in enumerate(references):
        values[number], covered[number] = warp_reference(reference, _in_cells(similarity, step), grid, samples=2)
    values, covered = values[:, seen], covered[:, seen]
    # A reference's own level says nothing: the blend takes that of the face around the hole.
    offsets = (values * covered).sum(1) / np.maximum(covered.sum(1), 1)
    values = np.where(covered, values - offsets[:, None], 0.0)
    mean = values.sum(0) / np.maximum(covered.sum(0), 1)
    known = covered.any(0)
    target = cells[seen] - mean
    target = np.where(known, target - target[known].mean() if known.any() else 0.0, 0.0)
    weights = _ridge(np.where(covered, values - mean, 0.0), target, shrinkage)
    return Mixture(_mixed(references, weights, offsets, wanted), (1 - weights.sum()) / len(references) + weights)


def _ridge(differences: np.ndarray, target: np.ndarray, shrinkage: float) -> np.ndarray:
    """Return the (M,) weights of (M, N) differences whose sum comes near the (N,) target."""
    energy = differences @ differences.T
    ridge = shrinkage * float(np.trace(energy)) / len(energy)
    if not ridge > 0:
        return np.zeros(len(energy))
    return np.linalg.solve(energy + ridge * np.eye(len(energy)), differences @ target)


def _mixed(references: Sequence[Laid], weights: np.ndarray, offsets: np.ndarray, wanted: np.ndarray) -> Source:
    """Mix bumps, and the steps from pixel to pixel for themselves: no step where a reference ends."""
    box = box_around(wanted)
    # Gradients are taken across the hole's border, and nothing farther out is looked at.
    near = ndimage.binary_dilation(wanted[box])
    bumps, covered = (
        np.empty((len(references), *near.shape), np.float32),
        np.empty((len(references), *near.shape), bool),
    )
    for number, (reference, similarity) in enumerate(references):
        warp_reference(reference, similarity, box, wanted=near, out=(bumps[number], covered[number]))
    mixed, count = np.empty((3, *near.shape)), np.empty(near.shape, np.int32)
    mix_maps(bumps, covered, offsets, weights, mixed, count)
    maps, enough = np.zeros((3, *wanted.shape)), np.zeros(wanted.shape, bool)
    maps[:, box[0], box[1]] = mixed
    enough[box] = count >= LEAST_COVER * len(references)
    return Source(maps[0], enough, (maps[1], maps[2]))


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
