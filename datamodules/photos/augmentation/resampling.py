"""One antialiased resampling of a stored crop under any similarity."""

from __future__ import annotations

import math

import numpy as np
from numba import njit


def warped(stored: np.ndarray, to_sample: np.ndarray, size: int, *, cubic: bool = True) -> np.ndarray:
    """Resample a stored picture to a sample.

    Pillow's filters (cubic with a = -1/2, or linear), which widen where the picture shrinks, but laid along the axes of
    the stored picture whatever its turn; unturned, the result is that of ``seethrough.photos.resampling.resample``.
    What lies outside the stored picture counts as black, as what lies outside a photo does.

    Args:
        stored: (H, W, 1) or (H, W, 3) uint8.
        to_sample: (3, 3) pixels of the stored picture to pixels of the sample, half-integer pixel centres; a similarity
            that may mirror.
        size: pixels of the sample's side.
        cubic: sharper than linear, with overshoots that are clipped.

    Returns:
        (1, size, size) or (3, size, size) float32 in [0, 1].
    """
    rows, columns, channels = stored.shape
    to_stored = np.linalg.inv(to_sample)
    stretch = max(math.sqrt(abs(np.linalg.det(to_stored))), 1.0)
    taps = math.ceil((4 if cubic else 2) * stretch)
    # With a black margin no filter ends at an edge.
    padded = np.zeros((rows + 2 * taps, columns + 2 * taps, channels), dtype=np.float32)
    padded[taps : taps + rows, taps : taps + columns] = stored
    to_stored[:2, 2] += taps
    result = np.empty((channels, size, size), dtype=np.float32)
    _resample(padded, to_stored, stretch, cubic, taps, result)
    return result


# A product and the sum it goes into may be rounded once instead of twice; a third of the time hangs on it.
_FUSED = {"contract"}


@njit(nogil=True, cache=True, error_model="numpy", fastmath=_FUSED)
def _filters(to_padded, line, stretch, cubic, centres, first, weights):
    """Write the filters of a line of the sample along one axis of the padded picture.

    Args:
        to_padded: (3,) the row of the matrix that gives this axis' coordinate.
        line: number of the line.
        stretch: how much wider than a pixel of the picture one of the sample is, at least 1.
        cubic: or linear.
        centres: (S,) float64, scratch.
        first: (S,) float64, the first pixel under each filter.
        weights: (taps, S) float32 of the pixels from the first one on; those of one filter sum to one.
    """
    taps, width = weights.shape
    inverse = np.float32(1 / stretch)
    reach = (2 if cubic else 1) * stretch
    total = np.zeros(width, np.float32)
    for i in range(width):
        centres[i] = to_padded[0] * (i + 0.5) + to_padded[1] * (line + 0.5) + to_padded[2]
        first[i] = np.floor(centres[i] - reach + 0.5)
    # One tap of all pixels after the other: the compiler turns the inner loops into vector instructions.
    for tap in range(taps):
        for i in range(width):
            distance = abs(np.float32(first[i] + tap + 0.5 - centres[i])) * inverse
            if cubic:
                near = (np.float32(1.5) * distance - np.float32(2.5)) * distance * distance + np.float32(1)
                far = (
                    (np.float32(2.5) - np.float32(0.5) * distance) * distance - np.float32(4)
                ) * distance + np.float32(2)
                weight = near if distance < 1 else far
                weight = weight if distance < 2 else np.float32(0)
            else:
                weight = max(np.float32(1) - distance, np.float32(0))
            weights[tap, i] = weight
            total[i] += weight
    for i in range(width):
        total[i] = np.float32(1) / total[i]
    for tap in range(taps):
        for i in range(width):
            weights[tap, i] *= total[i]


@njit(nogil=True, cache=True, error_model="numpy", fastmath=_FUSED)
def _resample(padded, to_padded, stretch, cubic, taps, result):
    high, wide, channels = padded.shape
    height, width = result.shape[1:]
    pixels = padded.reshape(-1)
    across, down = np.empty((taps, width), np.float32), np.empty((taps, width), np.float32)
    left, top, scratch = np.empty(width), np.empty(width), np.empty(width)
    white, zero, one = np.float32(1 / 255), np.float32(0), np.float32(1)
    # Indices are unsigned: numba counts negative ones from the end, and asks of each whether it is.
    stride = np.uint64(channels * wide)
    for j in range(height):
        _filters(to_padded[0], j, stretch, cubic, scratch, left, across)
        _filters(to_padded[1], j, stretch, cubic, scratch, top, down)
        for i in range(width):
            x, y = int(left[i]), int(top[i])
            if x < 0 or y < 0 or x + taps > wide or y + taps > high:
                x = y = 0  # the margin, which is as black as what lies beyond it
            start = np.uint64(channels * (y * wide + x))
            red = green = blue = zero
            if channels == 1:
                for row in range(taps):
                    line = zero
                    for column in range(taps):
                        line += across[column, i] * pixels[start + np.uint64(column)]
                    red += down[row, i] * line
                    start += stride
            else:
                for row in range(taps):
                    line_red = line_green = line_blue = zero
                    at = start
                    for column in range(taps):
                        weight = across[column, i]
                        line_red += weight * pixels[at]
                        line_green += weight * pixels[at + np.uint64(1)]
                        line_blue += weight * pixels[at + np.uint64(2)]
                        at += np.uint64(3)
                    weight = down[row, i]
                    red += weight * line_red
                    green += weight * line_green
                    blue += weight * line_blue
                    start += stride
                result[1, j, i] = min(max(green * white, zero), one)
                result[2, j, i] = min(max(blue * white, zero), one)
            result[0, j, i] = min(max(red * white, zero), one)
