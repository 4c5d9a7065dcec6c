"""Weights between eight neighbours that look and lie alike, and the smoothness that they define."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

# Half of the eight: the others are the same pairs seen from the other end.
_OFFSETS = ((0, 1), (1, 0), (1, 1), (1, -1))


def _ends(values: Tensor, offset: tuple[int, int]) -> tuple[Tensor, Tensor]:
    """Return views of the two ends of all pairs of pixels that are ``offset`` (rows, columns) apart."""
    rows, columns = offset
    height, width = values.shape[-2:]
    first = values[..., : height - rows, max(0, -columns) : width - max(0, columns)]
    return first, values[..., rows:, max(0, columns) : width + min(0, columns)]


@dataclass(frozen=True)
class Neighbours:
    """Pairs of neighbours and how much they should agree: (weight, offset), four directions."""

    weights: tuple[Tensor, ...]

    def difference(self, values: Tensor) -> Tensor:
        """Return ``sum_k w_k (v - v_k)`` over the eight neighbours of (H, W) values; its own adjoint."""
        result = torch.zeros_like(values)
        for weight, offset in zip(self.weights, _OFFSETS, strict=True):
            first, second = _ends(values, offset)
            flow = (first - second).mul_(weight)
            to_first, to_second = _ends(result, offset)
            to_first += flow
            to_second -= flow
        return result

    def squared_diagonal(self) -> Tensor:
        """Return the diagonal of ``difference`` applied twice."""
        shape = (self.weights[0].shape[0], self.weights[1].shape[1])
        total, squares = (self.weights[0].new_zeros(shape) for _ in range(2))
        for weight, offset in zip(self.weights, _OFFSETS, strict=True):
            for end_total, end_squares in zip(_ends(total, offset), _ends(squares, offset), strict=True):
                end_total += weight
                end_squares += weight.square()
        return total.square() + squares


def alike(
    brightness: Tensor, depth: Tensor, mask: Tensor, *, cut: float, grey_variance: float, depth_variance: float
) -> Neighbours:
    """Weigh pairs of neighbours by how alike they are (RGBD-Fusion, w^c w^d).

    w^c = exp(-d2 / (2 grey_variance)) with d2 the squared difference of brightness, and 0 where d2 > cut; w^d =
    exp(-dz2 / (2 depth_variance)).

    Args:
        brightness: (H, W).
        depth: (H, W) mm.
        mask: (H, W) 1 inside; pairs that leave it weigh nothing.
        cut: largest squared difference of pairs that have to do with each other.
        grey_variance: sigma_c squared.
        depth_variance: sigma_d squared, mm2.
    """
    weights = []
    for offset in _OFFSETS:
        first, second = _ends(brightness, offset)
        distance = (first - second).square()
        near, far = _ends(depth, offset)
        inside = torch.mul(*_ends(mask, offset))
        likeness = torch.exp(-distance / (2 * grey_variance) - (near - far).square() / (2 * depth_variance))
        weights.append(torch.where(distance > cut, torch.zeros_like(likeness), likeness) * inside)
    return Neighbours(tuple(weights))
