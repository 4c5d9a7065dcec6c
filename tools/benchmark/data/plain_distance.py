"""Distances of points to a mesh, all pairs, in plain PyTorch."""

from __future__ import annotations

import torch
from torch import Tensor

_TOGETHER = 500_000
"""Pairs of points and triangles at once, so that they fit into memory."""


def distances_to_mesh(points: Tensor, vertices: Tensor, triangles: Tensor) -> Tensor:
    """Return (N,) how far each point is from the nearest triangle.

    Args:
        points: (N, 3) mm.
        vertices: (V, 3) mm.
        triangles: (T, 3).
    """
    a, b, c = vertices[triangles.long()].unbind(1)
    chunk = max(1, _TOGETHER // len(triangles))
    return torch.cat([_squared(part[:, None], a, b, c).amin(1) for part in points.split(chunk)]).sqrt()


def _squared(point: Tensor, a: Tensor, b: Tensor, c: Tensor) -> Tensor:
    """Return (N, T) squared distances: to the plane where the foot lies inside, else to the nearest side."""
    normal = torch.linalg.cross(b - a, c - a)
    area = normal.square().sum(-1)
    inside = (area > 0).repeat(len(point), 1)
    sides = []
    for start, end in ((a, b), (b, c), (c, a)):
        side, toward = end - start, point - start
        inside &= (torch.linalg.cross(normal, side) * toward).sum(-1) >= 0
        share = ((toward * side).sum(-1) / side.square().sum(-1).clamp_min(1e-20)).clamp(0, 1)
        sides.append((toward - share[..., None] * side).square().sum(-1))
    plane = ((point - a) * normal).sum(-1).square() / area.clamp_min(1e-20)
    return torch.where(inside, plane, torch.stack(sides).amin(0))
