"""Compiled loops that read references: bilinear sampling under an affine map, and mixtures of what was sampled.

Numba checks no bounds: callers give contiguous arrays of fitting shapes.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from seethrough.details.bump_encoding import CODES_PER_MM, FINER, ZERO

_NO_WEIGHT = 1e-6  # of a corner: a grid laid on itself meets pixels up to rounding


@njit(nogil=True, cache=True, error_model="numpy", fastmath={"contract"})
def sample_maps(codes, inside, matrix, top, left, samples, wanted, bump, covered):
    """Write bump (h, w) mm and covered (h, w) of 16-bit codes (S, S) with a mask (S * S), under an affine map.

    ``matrix`` (2, 3) takes pixels of the output, whose first pixel is (left, top) of the whole, to pixels of the codes;
    each output pixel is the mean of ``samples`` times ``samples`` bilinear ones. Pixels that are not ``wanted`` (h, w),
    and those of which a sample rests on a pixel outside the mask, get bump 0 and are not covered.
    """
    size = codes.shape[0]
    flat = codes.ravel()
    last, step, half = size - 1.0, 1.0 / samples, 0.5 / samples
    scale = 1.0 / (samples * samples * FINER * CODES_PER_MM)
    for row in range(bump.shape[0]):
        for column in range(bump.shape[1]):
            total, whole = 0.0, wanted[row, column]
            for below in range(samples if whole else 0):
                for beside in range(samples):
                    x, y = left + column + beside * step + half, top + row + below * step + half
                    u = matrix[0, 0] * x + matrix[0, 1] * y + matrix[0, 2] - 0.5
                    v = matrix[1, 0] * x + matrix[1, 1] * y + matrix[1, 2] - 0.5
                    if not (0.0 <= u <= last and 0.0 <= v <= last):
                        whole = False
                        continue
                    i, j = min(int(v), size - 2), min(int(u), size - 2)
                    a, b = v - i, u - j
                    c, d = 1.0 - a, 1.0 - b
                    # Unsigned, since numba asks of every signed index whether it counts from the end.
                    p = np.uint64(i * size + j)
                    q, r, s = p + np.uint64(1), p + np.uint64(size), p + np.uint64(size + 1)
                    if not inside[p] & inside[q] & inside[r] & inside[s]:
                        whole &= (inside[p] or c * d <= _NO_WEIGHT) and (inside[q] or c * b <= _NO_WEIGHT)
                        whole &= (inside[r] or a * d <= _NO_WEIGHT) and (inside[s] or a * b <= _NO_WEIGHT)
                    total += c * (d * flat[p] + b * flat[q]) + a * (d * flat[r] + b * flat[s])
            covered[row, column] = whole
            bump[row, column] = total * scale - ZERO / CODES_PER_MM if whole else 0.0


@njit(nogil=True, cache=True, error_model="numpy", fastmath={"contract"})
def mix_maps(bumps, covered, offsets, parts, mixed, count):
    """Write the mixture (3, h, w) of (M, h, w) maps: its bump, and its steps to the right and down.

    Each is the mean of the maps that cover the pixel, or both pixels of a step, and the sum of ``parts`` (M,) times
    their differences from it; of a bump ``offsets`` (M,) are taken off before. ``count`` (h, w) becomes the number of
    maps that cover a pixel.
    """
    maps, height, width = bumps.shape
    level, rest = 0.0, 1.0
    for m in range(maps):
        rest -= parts[m]
    for m in range(maps):
        level += (rest / maps + parts[m]) * offsets[m]
    for row in range(height):
        for column in range(width):
            mixed[0, row, column], count[row, column] = -level, 0
        for m in range(maps):
            share = rest / maps + parts[m]
            for column in range(width):
                mixed[0, row, column] += share * bumps[m, row, column]
                count[row, column] += covered[m, row, column]
    for row in range(height):
        for column in range(width):
            for kind in range(1, 3):
                down, right = min(row + (kind == 2), height - 1), min(column + (kind == 1), width - 1)
                if count[row, column] == maps and count[down, right] == maps:
                    mixed[kind, row, column] = mixed[0, down, right] - mixed[0, row, column]
                else:
                    mixed[kind, row, column] = _of_some(bumps, covered, offsets, parts, kind, row, column, down, right)
    for row in range(height):
        for column in range(width):
            if count[row, column] < maps:
                mixed[0, row, column] = _of_some(bumps, covered, offsets, parts, 0, row, column, row, column)


@njit(nogil=True, cache=True, error_model="numpy")
def _of_some(bumps, covered, offsets, parts, kind, row, column, down, right):
    """Return the mixture where not all maps say something: what is missing counts as the mean of the others."""
    total, weighted, weight, count = 0.0, 0.0, 0.0, 0
    for m in range(len(parts)):
        if covered[m, row, column] and covered[m, down, right]:
            value = bumps[m, row, column] - offsets[m]
            if kind:
                value = bumps[m, down, right] - bumps[m, row, column]
            total += value
            weighted += parts[m] * value
            weight += parts[m]
            count += 1
    return total / max(count, 1) * (1 - weight) + weighted
