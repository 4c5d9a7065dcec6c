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
    padded = np.zeros((rows + 2 * taps, columns + 2 * taps, 3), dtype=np.float32)
    padded[taps : taps + rows, taps : taps + columns, :channels] = stored
    to_stored[:2, 2] += taps
    result = np.empty((channels, size, size), dtype=np.float32)
    _resample(padded, to_stored, stretch, taps, cubic, result)
    return result


# A product and the sum it goes into may be rounded once instead of twice; a third of the time hangs on it.
_FUSED = {"contract"}


@njit(nogil=True, cache=True, error_model="numpy", fastmath=_FUSED, inline="always")
def _filter(centre, first, taps, inverse, cubic, weights):
    """Write the weights of the pixels from ``first`` on for a filter about ``centre``; they sum to one."""
    total = np.float32(0)
    for tap in range(taps):
        distance = abs(np.float32(first + tap + 0.5 - centre)) * inverse
        if cubic:
            near = (np.float32(1.5) * distance - np.float32(2.5)) * distance * distance + np.float32(1)
            far = ((np.float32(2.5) - np.float32(0.5) * distance) * distance - np.float32(4)) * distance + np.float32(2)
            weight = near if distance < 1 else far
            weight = weight if distance < 2 else np.float32(0)
        else:
            weight = max(np.float32(1) - distance, np.float32(0))
        weights[tap] = weight
        total += weight
    norm = np.float32(1) / total
    for tap in range(taps):
        weights[tap] *= norm


@njit(nogil=True, cache=True, error_model="numpy", fastmath=_FUSED)
def _resample(padded, to_padded, stretch, taps, cubic, result):
    high, wide = padded.shape[:2]
    channels, height, width = result.shape
    inverse = np.float32(1 / stretch)
    reach = (2 if cubic else 1) * stretch
    across, down = np.empty(taps, np.float32), np.empty(taps, np.float32)
    white = np.float32(1 / 255)
    for j in range(height):
        for i in range(width):
            u = to_padded[0, 0] * (i + 0.5) + to_padded[0, 1] * (j + 0.5) + to_padded[0, 2]
            v = to_padded[1, 0] * (i + 0.5) + to_padded[1, 1] * (j + 0.5) + to_padded[1, 2]
            left, top = math.floor(u - reach + 0.5), math.floor(v - reach + 0.5)
            if left < 0 or top < 0 or left + taps > wide or top + taps > high:
                result[:, j, i] = 0
                continue
            _filter(u, left, taps, inverse, cubic, across)
            _filter(v, top, taps, inverse, cubic, down)
            red = green = blue = np.float32(0)
            for row in range(taps):
                line_red = line_green = line_blue = np.float32(0)
                for column in range(taps):
                    weight = across[column]
                    line_red += weight * padded[top + row, left + column, 0]
                    line_green += weight * padded[top + row, left + column, 1]
                    line_blue += weight * padded[top + row, left + column, 2]
                weight = down[row]
                red += weight * line_red
                green += weight * line_green
                blue += weight * line_blue
            result[0, j, i] = min(max(red * white, np.float32(0)), np.float32(1))
            if channels == 3:
                result[1, j, i] = min(max(green * white, np.float32(0)), np.float32(1))
                result[2, j, i] = min(max(blue * white, np.float32(0)), np.float32(1))
