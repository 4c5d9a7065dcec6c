"""Poisson equations on the pixels of a hole: conjugate gradients with a multigrid step as preconditioner."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from seethrough.details.filling.kernels import (
    add_correction,
    coarsen,
    follow,
    inner,
    inverse_diagonal,
    multiply,
    relax,
    restrict_residual,
    turn,
)

ACCURACY = 1e-6
"""Length of what is left of the equations, over that of their right side, at which the solver stops.

Bumps are then within about 0.000002 mm of the solution, as exact as float32 says them.
"""

MOST_STEPS = 200
_COARSEST = 36  # cells at most of the last grid, which is relaxed until it is solved
_SWEEPS, _LAST_SWEEPS = 1, 12


@dataclass(frozen=True)
class _Grid:
    right: np.ndarray
    down: np.ndarray
    diagonal: np.ndarray
    inverse: np.ndarray


class GridEquation:
    """For each cell p of a grid: ``anchor_p f_p + sum over neighbours q of w_pq (f_p - f_q) = wanted_p``.

    Coarser grids join 2 x 2 cells; their weights are sums, halved, since in the plane a grid of any resolution has the
    same weights. One cycle down and up (Braess, Computing 1995) is the preconditioner.

    Args:
        right: (H, W - 1) weights between a cell and the one at its right, not negative.
        down: (H - 1, W) weights between a cell and the one below.
        anchor: (H, W) weights that hold cells at given values. Each connected part of the grid needs one above 0.
    """

    def __init__(self, right: np.ndarray, down: np.ndarray, anchor: np.ndarray) -> None:
        right = np.pad(right, ((1, 1), (1, 2)))
        down = np.pad(down, ((1, 2), (1, 1)))
        anchor = np.pad(anchor, 1)
        self._grids: list[_Grid] = []
        while True:
            diagonal, inverse = np.empty(anchor.shape), np.empty(anchor.shape)
            inverse_diagonal(right, down, anchor, diagonal, inverse)
            self._grids.append(_Grid(right, down, diagonal, inverse))
            height, width = (side - 2 for side in diagonal.shape)
            if height * width <= _COARSEST:
                break
            coarse = tuple(np.zeros(((height + 1) // 2 + 2, (width + 1) // 2 + 2)) for _ in range(3))
            coarsen(right, down, anchor, *coarse)
            right, down, anchor = coarse

    @property
    def unknown(self) -> np.ndarray:
        """(H, W) bool, the cells that have an equation."""
        return self._grids[0].diagonal[1:-1, 1:-1] > 0

    def solve(self, wanted: np.ndarray, start: np.ndarray | None = None, accuracy: float = ACCURACY) -> np.ndarray:
        """Return the (H, W) float64 solution, 0 in cells without an equation.

        Args:
            wanted: (H, W) right side.
            start: (H, W) a first guess.
            accuracy: at which to stop.
        """
        grid, unknown = self._grids[0], self.unknown
        left, value, direction, product = (np.zeros(grid.diagonal.shape) for _ in range(4))
        left[1:-1, 1:-1] = np.where(unknown, wanted, 0.0)
        goal = accuracy**2 * inner(left, left)
        if start is not None:
            value[1:-1, 1:-1] = np.where(unknown, start, 0.0)
            multiply(value, grid.right, grid.down, grid.diagonal, product)
            left -= product
        squared, before = inner(left, left), 0.0
        for _ in range(MOST_STEPS):
            if squared <= goal:
                break
            step = self._cycle(0, left)
            now = inner(left, step)
            turn(direction, step, now / before if before else 0.0)
            steepness = multiply(direction, grid.right, grid.down, grid.diagonal, product)
            squared = follow(value, left, direction, product, now / steepness)
            before = now
        return value[1:-1, 1:-1]

    def _cycle(self, level: int, wanted: np.ndarray) -> np.ndarray:
        """Return about the solution of a grid's equations; symmetric in ``wanted``, as conjugate gradients need."""
        grid, value = self._grids[level], np.zeros(wanted.shape)
        last = level + 1 == len(self._grids)
        sweeps = _LAST_SWEEPS if last else _SWEEPS
        relax(value, wanted, grid.right, grid.down, grid.inverse, sweeps, 0)
        if not last:
            coarse = np.empty(self._grids[level + 1].diagonal.shape)
            restrict_residual(value, wanted, grid.right, grid.down, grid.diagonal, coarse)
            add_correction(value, grid.inverse, self._cycle(level + 1, coarse))
        relax(value, wanted, grid.right, grid.down, grid.inverse, sweeps, 1)
        return value
