"""Preconditioned conjugate gradients on maps: the one solver of all steps, on CPU and GPU alike."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

_CHECKED_EVERY = 8  # asking a GPU how far it is makes it wait


def solve(
    operator: Callable[[Tensor], Tensor],
    target: Tensor,
    start: Tensor,
    diagonal: Tensor,
    *,
    iterations: int = 400,
    tolerance: float = 1e-3,
) -> Tensor:
    """Solve ``operator(result) = target`` for a symmetric positive definite operator.

    Args:
        operator: maps a tensor of the shape of ``target`` to another one.
        target: right side.
        start: where to begin; not changed.
        diagonal: (an estimate of) the operator's diagonal, positive: the preconditioner.
        iterations: most steps.
        tolerance: stop when the residual, measured by the preconditioner, falls below this share of the target's.

    Returns:
        The solution; ``start`` refined as far as the steps went.
    """
    result = start.clone()
    residual = target - operator(result)
    scaled = residual / diagonal
    direction = scaled.clone()
    energy = torch.sum(residual * scaled)
    enough = tolerance**2 * torch.sum(target * target / diagonal)
    tiny = torch.finfo(target.dtype).tiny
    for step in range(iterations):
        if step % _CHECKED_EVERY == 0 and bool(energy <= enough):
            break
        image = operator(direction)
        length = energy / torch.sum(direction * image).clamp_min(tiny)
        result.addcmul_(length, direction)
        residual.addcmul_(-length, image)
        torch.div(residual, diagonal, out=scaled)
        before, energy = energy, torch.sum(residual * scaled)
        direction.mul_(energy / before.clamp_min(tiny)).add_(scaled)
    return result
