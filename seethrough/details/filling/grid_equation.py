"""Poisson equations on the pixels of a hole: conjugate gradients with a multigrid step as preconditioner."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from seethrough.details.filling.kernels import (
    add_correction,
    coarsen,
    inner,
    inverse_diagonal,
    multiply,
    relax,
    restrict_residual,
)

ACCURACY = 1e-7
"""Length of what is left of the equations, over that of their right side, at which the solver stops."""

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
        self._grids: list[_Grid] = []
        while True:
            diagonal, inverse = np.empty(anchor.shape), np.empty(anchor.shape)
            inverse_diagonal(right, down, anchor, diagonal, inverse)
            self._grids.append(_Grid(right, down, diagonal, inverse))
            if anchor.size <= _COARSEST:
                break
            height, width = (anchor.shape[0] + 1) // 2, (anchor.shape[1] + 1) // 2
            coarse = np.zeros((height, width - 1)), np.zeros((height - 1, width)), np.zeros((height, width))
            coarsen(right, down, anchor, *coarse)
            right, down, anchor = coarse

    @property
    def unknown(self) -> np.ndarray:
        """(H, W) bool, the cells that have an equation."""
        return self._grids[0].diagonal > 0

    def solve(self, wanted: np.ndarray, start: np.ndarray | None = None, accuracy: float = ACCURACY) -> np.ndarray:
        """Return the (H, W) float64 solution, 0 in cells without an equation.

        Args:
            wanted: (H, W) right side.
            start: (H, W) a first guess.
            accuracy: at which to stop.
        """
        unknown = self.unknown
        wanted = np.where(unknown, wanted, 0.0)
        value = np.zeros(wanted.shape) if start is None else np.where(unknown, start, 0.0)
        product = self._product(value)
        left = wanted - product
        goal = accuracy**2 * inner(wanted, wanted)
        direction, before = np.zeros(value.shape), 0.0
        for _ in range(MOST_STEPS):
            if inner(left, left) <= goal:
                break
            step = self._cycle(0, left)
            now = inner(left, step)
            direction = step + (now / before if before else 0.0) * direction
            product = self._product(direction)
            length = now / inner(direction, product)
            value += length * direction
            left -= length * product
            before = now
        return value

    def _product(self, value: np.ndarray) -> np.ndarray:
        grid, out = self._grids[0], np.empty(value.shape)
        multiply(value, grid.right, grid.down, grid.diagonal, out)
        return out

    def _cycle(self, level: int, wanted: np.ndarray) -> np.ndarray:
        """Return about the solution of a grid's equations; symmetric in ``wanted``, as conjugate gradients need."""
        grid, value = self._grids[level], np.zeros(wanted.shape)
        last = level + 1 == len(self._grids)
        for _ in range(_LAST_SWEEPS if last else _SWEEPS):
            for colour in (0, 1):
                relax(value, wanted, grid.right, grid.down, grid.inverse, colour)
        if not last:
            coarse = np.empty(self._grids[level + 1].diagonal.shape)
            restrict_residual(value, wanted, grid.right, grid.down, grid.diagonal, coarse)
            add_correction(value, grid.inverse, self._cycle(level + 1, coarse))
        for _ in range(_LAST_SWEEPS if last else _SWEEPS):
            for colour in (1, 0):
                relax(value, wanted, grid.right, grid.down, grid.inverse, colour)
        return value
