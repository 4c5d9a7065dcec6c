"""Hole filling as the paper describes it, in plain PyTorch (Extreme 3D, Sec. 4.2)."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from seethrough.details.filling import ReferenceSet
from tools.benchmark.details.plain_solver import conjugate_gradients

TOLERANCE = 1e-4
_SHIFTS = ((1, 0), (-1, 0), (1, 1), (-1, 1))


class PlainFilling:
    """Distances to all references, the most alike of the nearest hundred, a similarity, Poisson blending.

    Args:
        references: the set.
        k: length of the short list.
    """

    def __init__(self, references: ReferenceSet, k: int = 100) -> None:
        self.references, self.k = references, k
        poses = torch.from_numpy(np.concatenate([references.rotation, references.translation], 1)).float()
        self.scale = 1 / poses.std(0)
        self.poses = poses * self.scale
        self.features = torch.from_numpy(references.plain_feature)
        self.landmarks = torch.from_numpy(references.landmarks).float()

    def chosen(self, pose: Tensor, feature: Tensor) -> int:
        """Return the row of the reference for a face seen from ``pose`` (6,) with the recognition ``feature`` (D,)."""
        distance = (self.poses - pose * self.scale).square().sum(1)
        short = distance.topk(self.k, largest=False).indices
        return int(short[functional.cosine_similarity(self.features[short], feature[None]).argmax()])

    def fill(
        self, bump: Tensor, visible: Tensor, face: Tensor, landmarks: Tensor, pose: Tensor, feature: Tensor
    ) -> Tensor:
        """Return the filled (S, S) bump in mm.

        Args:
            bump: (S, S) mm.
            visible: (S, S) bool, where it counts.
            face: (S, S) bool.
            landmarks: (68, 2) px; those on visible pixels align the reference.
            pose: (6,) rotation in rad, translation in mm.
            feature: (D,).
        """
        row = self.chosen(pose, feature)
        x, y = landmarks.long().clamp(0, len(bump) - 1).T
        seen = visible[y, x]
        reference = torch.from_numpy(self.references[row].bump)
        laid = _laid(reference, self.landmarks[row][seen], landmarks[seen])
        return poisson_blend(bump, laid, face & ~visible, face)


def poisson_blend(bump: Tensor, source: Tensor, hole: Tensor, face: Tensor) -> Tensor:
    """Return ``bump`` with the ``source``'s gradients in the hole, held at visible pixels, free at the face's outline.

    All maps are (S, S); the face does not touch their border.
    """
    rows, columns = (hole.any(axis).nonzero().flatten() for axis in (1, 0))
    box = (slice(int(rows[0]) - 1, int(rows[-1]) + 2), slice(int(columns[0]) - 1, int(columns[-1]) + 2))
    filled = bump.clone()
    filled[box] = _blended(bump[box], source[box], hole[box], face[box])
    return filled


def _blended(bump: Tensor, source: Tensor, hole: Tensor, face: Tensor) -> Tensor:
    known = torch.where(hole, 0.0, bump)

    def operator(values: Tensor) -> Tensor:
        total = torch.zeros_like(values)
        for step, axis in _SHIFTS:
            total = total + face.roll(step, axis) * (values - (values * hole).roll(step, axis))
        return total * hole

    right = torch.zeros_like(bump)
    for step, axis in _SHIFTS:
        right = right + face.roll(step, axis) * (source - source.roll(step, axis) + known.roll(step, axis))
    return torch.where(hole, conjugate_gradients(operator, right * hole, source * hole, TOLERANCE), bump)


def _laid(reference: Tensor, points: Tensor, landmarks: Tensor) -> Tensor:
    """Sample the reference where the similarity from its points to the face's landmarks, by least squares, says."""
    x, y = landmarks.T
    one, zero = torch.ones_like(x), torch.zeros_like(x)
    rows = torch.cat([torch.stack([x, -y, one, zero], 1), torch.stack([y, x, zero, one], 1)])
    a, b, right, down = torch.linalg.lstsq(rows, torch.cat([points[:, 0], points[:, 1]])[:, None]).solution[:, 0]
    size = len(reference)
    v, u = torch.meshgrid(*[torch.arange(size) + 0.5] * 2, indexing="ij")
    where = torch.stack([a * u - b * v + right, b * u + a * v + down], -1) * 2 / size - 1
    return functional.grid_sample(reference[None, None], where[None], align_corners=False)[0, 0]
