"""Compiled loops of hole filling: sampling of references, and the smoothing steps of the blend's multigrid solver.

Numba checks no bounds: callers give contiguous arrays of fitting shapes.
"""

from __future__ import annotations

from numba import njit

from seethrough.details.bump_encoding import CODES_PER_MM, FINER, ZERO


@njit(nogil=True, cache=True, error_model="numpy")
def sample_maps(codes, packed, matrix, top, left, samples, bump, covered):
    """Write bump (h, w) mm and covered (h, w) of 16-bit codes (S, S) with a packed mask, under an affine map.

    ``matrix`` (2, 3) takes pixels of the output, whose first pixel is (left, top) of the whole, to pixels of the codes;
    each output pixel is the mean of ``samples`` times ``samples`` bilinear ones.
    """
    size = codes.shape[0]
    step = 1.0 / samples
    for row in range(bump.shape[0]):
        for column in range(bump.shape[1]):
            total, whole = 0.0, True
            for number in range(samples * samples):
                x = left + column + (number % samples + 0.5) * step
                y = top + row + (number // samples + 0.5) * step
                u = matrix[0, 0] * x + matrix[0, 1] * y + matrix[0, 2] - 0.5
                v = matrix[1, 0] * x + matrix[1, 1] * y + matrix[1, 2] - 0.5
                if not (0.0 <= u <= size - 1 and 0.0 <= v <= size - 1):
                    whole = False
                    break
                i, j = min(int(v), size - 2), min(int(u), size - 2)
                a, b = v - i, u - j
                for di in range(2):
                    for dj in range(2):
                        weight = (a if di else 1 - a) * (b if dj else 1 - b)
                        if weight > 1e-6:  # a grid laid on itself meets pixels up to rounding
                            place = (i + di) * size + j + dj
                            if not (packed[place >> 3] >> (7 - (place & 7))) & 1:
                                whole = False
                            total += weight * codes[i + di, j + dj]
            if whole:
                covered[row, column] = True
                bump[row, column] = (total / (samples * samples) / FINER - ZERO) / CODES_PER_MM


@njit(nogil=True, cache=True, error_model="numpy")
def add_weighted(bump, covered, offset, part, sums):
    """Add a map (h, w), and its steps to the right and down, to ``sums`` (3, 4, h, w) where they are covered.

    The four sums are those of the values, of ``part`` times them, of ones, and of ``part``.
    """
    height, width = bump.shape
    for row in range(height):
        for column in range(width):
            if not covered[row, column]:
                continue
            here = bump[row, column]
            for kind in range(3):
                down, right = row + (kind == 2), column + (kind == 1)
                if down < height and right < width and covered[down, right]:
                    value = bump[down, right] - here if kind else here - offset
                    sums[kind, 0, row, column] += value
                    sums[kind, 1, row, column] += part * value
                    sums[kind, 2, row, column] += 1.0
                    sums[kind, 3, row, column] += part


@njit(nogil=True, cache=True, error_model="numpy")
def relax(value, wanted, right, down, inverse, colour):
    """Set the cells of one colour of a checkerboard so that their equations hold (half a Gauss-Seidel step)."""
    height, width = value.shape
    for row in range(height):
        for column in range((row + colour) & 1, width, 2):
            if inverse[row, column] == 0.0:
                continue
            total = wanted[row, column]
            if column > 0:
                total += right[row, column - 1] * value[row, column - 1]
            if column + 1 < width:
                total += right[row, column] * value[row, column + 1]
            if row > 0:
                total += down[row - 1, column] * value[row - 1, column]
            if row + 1 < height:
                total += down[row, column] * value[row + 1, column]
            value[row, column] = total * inverse[row, column]


@njit(nogil=True, cache=True, error_model="numpy")
def multiply(value, right, down, diagonal, out):
    """Write the graph Laplacian of a (h, w) grid times ``value``."""
    height, width = value.shape
    for row in range(height):
        for column in range(width):
            centre = diagonal[row, column]
            if centre == 0.0:
                out[row, column] = 0.0
                continue
            total = centre * value[row, column]
            if column > 0:
                total -= right[row, column - 1] * value[row, column - 1]
            if column + 1 < width:
                total -= right[row, column] * value[row, column + 1]
            if row > 0:
                total -= down[row - 1, column] * value[row - 1, column]
            if row + 1 < height:
                total -= down[row, column] * value[row + 1, column]
            out[row, column] = total


@njit(nogil=True, cache=True, error_model="numpy")
def restrict_residual(value, wanted, right, down, diagonal, coarse):
    """Write into each cell of ``coarse`` the sum of what is left of the equations of its four cells."""
    height, width = value.shape
    coarse[:] = 0.0
    for row in range(height):
        for column in range(width):
            centre = diagonal[row, column]
            if centre == 0.0:
                continue
            total = wanted[row, column] - centre * value[row, column]
            if column > 0:
                total += right[row, column - 1] * value[row, column - 1]
            if column + 1 < width:
                total += right[row, column] * value[row, column + 1]
            if row > 0:
                total += down[row - 1, column] * value[row - 1, column]
            if row + 1 < height:
                total += down[row, column] * value[row + 1, column]
            coarse[row >> 1, column >> 1] += total


@njit(nogil=True, cache=True, error_model="numpy")
def add_correction(value, inverse, coarse):
    """Add to each cell the correction of the coarse cell that it lies in."""
    for row in range(value.shape[0]):
        for column in range(value.shape[1]):
            if inverse[row, column] != 0.0:
                value[row, column] += coarse[row >> 1, column >> 1]


@njit(nogil=True, cache=True, error_model="numpy")
def coarsen(right, down, anchor, coarse_right, coarse_down, coarse_anchor):
    """Add up the weights between and at the cells of a grid of half the resolution, halved as the plane asks for."""
    height, width = anchor.shape
    for row in range(height):
        for column in range(width):
            coarse_anchor[row >> 1, column >> 1] += 0.5 * anchor[row, column]
            if column + 1 < width and column & 1:
                coarse_right[row >> 1, column >> 1] += 0.5 * right[row, column]
            if row + 1 < height and row & 1:
                coarse_down[row >> 1, column >> 1] += 0.5 * down[row, column]


@njit(nogil=True, cache=True, error_model="numpy")
def inverse_diagonal(right, down, anchor, diagonal, inverse):
    """Write the sums of the weights at each cell and one over them, 0 where there are none."""
    height, width = anchor.shape
    for row in range(height):
        for column in range(width):
            total = anchor[row, column]
            if column > 0:
                total += right[row, column - 1]
            if column + 1 < width:
                total += right[row, column]
            if row > 0:
                total += down[row - 1, column]
            if row + 1 < height:
                total += down[row, column]
            diagonal[row, column] = total
            inverse[row, column] = 1.0 / total if total > 0.0 else 0.0


@njit(nogil=True, cache=True, error_model="numpy")
def inner(a, b):
    """Return the sum of products of two (h, w) arrays."""
    total = 0.0
    for row in range(a.shape[0]):
        for column in range(a.shape[1]):
            total += a[row, column] * b[row, column]
    return total
