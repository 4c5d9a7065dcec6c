"""One antialiased resampling of a stored crop under any similarity."""

from __future__ import annotations

import math

import numpy as np
from numba import njit

CUBIC, LINEAR = True, False


def warped(stored: np.ndarray, to_sample: np.ndarray, size: int, *, cubic: bool = CUBIC) -> np.ndarray:
    """Resample a stored picture to a sample.

    Pillow's filters (cubic with a = -1/2, or linear), which widen where the picture shrinks, but laid along the axes of
    the stored picture whatever its turn; without one the result is that of ``seethrough.photos.resampling.resample``.
    What lies outside the stored picture counts as black, as what lies outside a photo does.

    Args:
        stored: (H, W, C) uint8.
        to_sample: (3, 3) pixels of the stored picture to pixels of the sample, half-integer pixel centres; a similarity
            that may mirror.
        size: pixels of the sample's side.
        cubic: sharper than linear, with overshoots, which are clipped.

    Returns:
        (C, size, size) float32 in [0, 1].
    """
    result = np.empty((stored.shape[2], size, size), dtype=np.float32)
    _resample(np.ascontiguousarray(stored), np.linalg.inv(to_sample), cubic, result)
    return result


@njit(nogil=True, cache=True, error_model="numpy", inline="always")
def _filter(centre, first, taps, inverse, cubic, weights):  # noqa: ANN001
    total = np.float32(0)
    for tap in range(taps):
        distance = abs(np.float32(first + tap + 0.5 - centre) * inverse)
        weight = np.float32(0)
        if cubic:
            if distance < 1:
                weight = (np.float32(1.5) * distance - np.float32(2.5)) * distance * distance + np.float32(1)
            elif distance < 2:
                weight = ((np.float32(2.5) - np.float32(0.5) * distance) * distance - np.float32(4)) * distance
                weight += np.float32(2)
        elif distance < 1:
            weight = np.float32(1) - distance
        weights[tap] = weight
        total += weight
    for tap in range(taps):
        weights[tap] /= total


@njit(nogil=True, cache=True, error_model="numpy")
def _resample(stored, to_stored, cubic, result):  # noqa: ANN001
    rows, columns, channels = stored.shape
    height, width = result.shape[1:]
    step = math.sqrt(abs(to_stored[0, 0] * to_stored[1, 1] - to_stored[0, 1] * to_stored[1, 0]))
    stretch = max(step, 1.0)
    inverse = np.float32(1 / stretch)
    half = int(math.ceil((2 if cubic else 1) * stretch))
    taps = 2 * half
    across, down = np.empty(taps, np.float32), np.empty(taps, np.float32)
    value = np.empty(channels, np.float32)
    for j in range(height):
        for i in range(width):
            u = to_stored[0, 0] * (i + 0.5) + to_stored[0, 1] * (j + 0.5) + to_stored[0, 2]
            v = to_stored[1, 0] * (i + 0.5) + to_stored[1, 1] * (j + 0.5) + to_stored[1, 2]
            left, top = int(math.floor(u + 0.5)) - half, int(math.floor(v + 0.5)) - half
            value[:] = 0
            if left + taps > 0 and top + taps > 0 and left < columns and top < rows:
                _filter(u, left, taps, inverse, cubic, across)
                _filter(v, top, taps, inverse, cubic, down)
                for row in range(max(0, -top), min(taps, rows - top)):
                    for column in range(max(0, -left), min(taps, columns - left)):
                        weight = down[row] * across[column]
                        for channel in range(channels):
                            value[channel] += weight * stored[top + row, left + column, channel]
            for channel in range(channels):
                result[channel, j, i] = min(max(value[channel] / np.float32(255), np.float32(0)), np.float32(1))
