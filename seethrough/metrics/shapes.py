"""Distances between face shapes with known correspondence."""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor


def align(source: Tensor, target: Tensor, kind: Literal["similarity", "rigid"] = "similarity") -> Tensor:
    """Move each source shape onto its target in the least-squares sense (Umeyama 1991).

    Args:
        source: (B, V, 3) vertices, mm.
        target: (B, V, 3) vertices in correspondence, mm.
        kind: ``similarity`` (rotation, translation, scale) or ``rigid`` (no scale). Reflections are never used.

    Returns:
        (B, V, 3) moved source, mm, in the target's frame.
    """
    source_centre, target_centre = source.mean(1, keepdim=True), target.mean(1, keepdim=True)
    a, b = (source - source_centre).double(), (target - target_centre).double()
    u, singular, vt = torch.linalg.svd(a.transpose(1, 2) @ b)
    sign = torch.ones_like(singular)
    sign[:, 2] = torch.sign(torch.linalg.det(u @ vt))
    rotation = u @ torch.diag_embed(sign) @ vt
    moved = a @ rotation
    if kind == "similarity":
        scale = (singular * sign).sum(1) / (a**2).sum((1, 2)).clamp_min(1e-12)
        moved = moved * scale[:, None, None]
    elif kind != "rigid":
        raise ValueError(f"kind is {kind!r}, expected 'similarity' or 'rigid'")
    return moved.to(source.dtype) + target_centre


def vertex_errors(predicted: Tensor, truth: Tensor, kind: Literal["similarity", "rigid"] = "similarity") -> Tensor:
    """Return (B, V) distances in mm from each predicted vertex, after alignment, to the true one."""
    return (align(predicted, truth, kind) - truth).norm(dim=-1)
