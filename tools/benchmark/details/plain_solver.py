"""Conjugate gradients as in a textbook, for the references."""

from __future__ import annotations

from collections.abc import Callable

from torch import Tensor

ITERATIONS = 5000


def conjugate_gradients(
    operator: Callable[[Tensor], Tensor], right: Tensor, start: Tensor, tolerance: float = 1e-6
) -> Tensor:
    """Solve ``operator(x) = right`` for a symmetric operator without negative eigenvalues (Hestenes and Stiefel 1952).

    Args:
        operator: linear, from a tensor to one of its shape.
        right: any shape.
        start: the first guess; parts that the operator does not see stay as they are there.
        tolerance: of the residual's norm, in that of ``right``.
    """
    solution = start.clone()
    residual = right - operator(solution)
    direction, squared = residual.clone(), residual.square().sum()
    enough = tolerance**2 * right.square().sum()
    for _ in range(ITERATIONS):
        if squared <= enough:
            break
        image = operator(direction)
        length = squared / (direction * image).sum()
        solution = solution + length * direction
        residual = residual - length * image
        squared, before = residual.square().sum(), squared
        direction = residual + squared / before * direction
    return solution
