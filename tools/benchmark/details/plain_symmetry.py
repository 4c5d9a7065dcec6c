"""The linear system of soft symmetry in plain PyTorch (Extreme 3D, Eq. 9)."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from tools.benchmark.details.plain_solver import conjugate_gradients

TOLERANCE = 1e-5


@dataclass(frozen=True)
class HalfSeen:
    """A face of which some vertices are visible.

    Attributes:
        edges: (E, 2) of the mesh, each once.
        mirror: (V,) vertex on the other side.
        paired: (V,) bool, vertices that have one.
        visible: (V,) bool.
        foundation: (V, 3) mm, frontal frame.
        detailed: (V, 3) mm, frontal frame; only visible rows count.
    """

    edges: Tensor
    mirror: Tensor
    paired: Tensor
    visible: Tensor
    foundation: Tensor
    detailed: Tensor


def complete_plainly(face: HalfSeen) -> Tensor:
    """Return (V, 3) vertices whose hidden part has the mirrored differences of the visible part.

    sum_j (x_i - x_j) = sum_j S d_i'j' for hidden i; d is that of the detailed face where both partners are visible,
    else the foundation's, and not mirrored where a vertex has no partner.
    """
    a, b = face.edges.T
    hidden = ~face.visible
    known = torch.where(face.visible[:, None], face.detailed, face.foundation)
    across_a, across_b = face.mirror[a], face.mirror[b]
    flip = face.foundation.new_tensor([-1.0, 1.0, 1.0])
    paired = (face.paired[a] & face.paired[b])[:, None]
    both = paired & (face.visible[across_a] & face.visible[across_b])[:, None]
    mirrored = torch.where(
        both, known[across_a] - known[across_b], face.foundation[across_a] - face.foundation[across_b]
    )
    steps = torch.where(paired, mirrored * flip, face.foundation[a] - face.foundation[b])
    touched = hidden[a] | hidden[b]
    a, b, steps = a[touched], b[touched], steps[touched]

    def gathered(at_a: Tensor, at_b: Tensor) -> Tensor:
        return (
            known.new_zeros(len(hidden), at_a.shape[1]).index_add_(0, a, at_a).index_add_(0, b, at_b) * hidden[:, None]
        )

    ones = known.new_ones(len(a), 1)
    count = gathered(ones, ones)
    fixed = known * face.visible[:, None]
    right = gathered(steps + fixed[b], fixed[a] - steps)
    start = face.foundation * hidden[:, None]
    solved = conjugate_gradients(
        lambda values: count * values - gathered(values[b], values[a]), right, start, TOLERANCE
    )
    return torch.where(hidden[:, None], solved, known)
