"""Compiled loops of the blend's solver: conjugate gradients, and the steps of their multigrid preconditioner.

All grids are (h + 2, w + 2), with a border of cells without weights around them, and so every cell has four neighbours.
``right`` and ``down`` hold the weights between a cell and the one at its right and below. A cell without weights has a
diagonal of 0 and stays 0. Numba checks no bounds: callers give contiguous arrays of fitting shapes.
"""

from __future__ import annotations

from numba import njit


@njit(nogil=True, cache=True, error_model="numpy")
def _from_neighbours(value, right, down, i, j):
    """Return the sum over the neighbours of a cell of weight times value."""
    beside = right[i, j - 1] * value[i, j - 1] + right[i, j] * value[i, j + 1]
    return beside + down[i - 1, j] * value[i - 1, j] + down[i, j] * value[i + 1, j]


@njit(nogil=True, cache=True, error_model="numpy")
def relax(value, wanted, right, down, inverse, sweeps, first):
    """Set the cells of a checkerboard so that their equations hold, one colour after the other (Gauss-Seidel).

    ``first`` is the colour to begin with, 0 or 1.
    """
    for half in range(2 * sweeps):
        for i in range(1, value.shape[0] - 1):
            for j in range(1 + ((i + first + half) & 1), value.shape[1] - 1, 2):
                value[i, j] = (wanted[i, j] + _from_neighbours(value, right, down, i, j)) * inverse[i, j]


@njit(nogil=True, cache=True, error_model="numpy")
def multiply(value, right, down, diagonal, out):
    """Write the graph Laplacian of a grid times ``value``, and return the inner product of the two."""
    product = 0.0
    for i in range(1, value.shape[0] - 1):
        for j in range(1, value.shape[1] - 1):
            out[i, j] = diagonal[i, j] * value[i, j] - _from_neighbours(value, right, down, i, j)
            product += out[i, j] * value[i, j]
    return product


@njit(nogil=True, cache=True, error_model="numpy")
def restrict_residual(value, wanted, right, down, diagonal, coarse):
    """Write into each cell of ``coarse`` the sum of what is left of the equations of its four cells."""
    coarse[:] = 0.0
    for i in range(1, value.shape[0] - 1):
        for j in range(1, value.shape[1] - 1):
            held = wanted[i, j] - diagonal[i, j] * value[i, j]
            coarse[(i + 1) >> 1, (j + 1) >> 1] += held + _from_neighbours(value, right, down, i, j)


@njit(nogil=True, cache=True, error_model="numpy")
def add_correction(value, inverse, coarse):
    """Add to each cell with an equation the correction of the coarse cell that it lies in."""
    for i in range(1, value.shape[0] - 1):
        for j in range(1, value.shape[1] - 1):
            if inverse[i, j] != 0.0:
                value[i, j] += coarse[(i + 1) >> 1, (j + 1) >> 1]


@njit(nogil=True, cache=True, error_model="numpy")
def coarsen(right, down, anchor, coarse_right, coarse_down, coarse_anchor):
    """Add up the weights between and at the cells of a grid of half the resolution, halved as the plane asks for."""
    for i in range(1, anchor.shape[0] - 1):
        for j in range(1, anchor.shape[1] - 1):
            row, column = (i + 1) >> 1, (j + 1) >> 1
            coarse_anchor[row, column] += 0.5 * anchor[i, j]
            if not j & 1:
                coarse_right[row, column] += 0.5 * right[i, j]
            if not i & 1:
                coarse_down[row, column] += 0.5 * down[i, j]


@njit(nogil=True, cache=True, error_model="numpy")
def inverse_diagonal(right, down, anchor, diagonal, inverse):
    """Write the sums of the weights at each cell and one over them, 0 where there are none."""
    diagonal[:] = 0.0
    inverse[:] = 0.0
    for i in range(1, anchor.shape[0] - 1):
        for j in range(1, anchor.shape[1] - 1):
            total = anchor[i, j] + right[i, j - 1] + right[i, j] + down[i - 1, j] + down[i, j]
            diagonal[i, j] = total
            inverse[i, j] = 1.0 / total if total > 0.0 else 0.0


@njit(nogil=True, cache=True, error_model="numpy")
def inner(a, b):
    """Return the sum of products of two grids."""
    total = 0.0
    for i in range(a.shape[0]):
        for j in range(a.shape[1]):
            total += a[i, j] * b[i, j]
    return total


@njit(nogil=True, cache=True, error_model="numpy")
def follow(value, left, direction, product, length):
    """Go a way along a direction, take its product off what is left, and return the square of what then is left."""
    squared = 0.0
    for i in range(value.shape[0]):
        for j in range(value.shape[1]):
            value[i, j] += length * direction[i, j]
            left[i, j] -= length * product[i, j]
            squared += left[i, j] * left[i, j]
    return squared


@njit(nogil=True, cache=True, error_model="numpy")
def turn(direction, step, share):
    """Make a direction the step and a share of what it was."""
    for i in range(direction.shape[0]):
        for j in range(direction.shape[1]):
            direction[i, j] = step[i, j] + share * direction[i, j]
