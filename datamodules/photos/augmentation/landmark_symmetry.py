"""Which of the 68 iBUG landmarks is which in a mirror."""

from __future__ import annotations

import numpy as np

# Pairs of landmarks on the two halves of a face; those on its middle line are their own.
_PAIRS = (
    *zip(range(0, 8), range(16, 8, -1), strict=True),  # jaw
    *zip(range(17, 22), range(26, 21, -1), strict=True),  # brows
    *((31, 35), (32, 34)),  # nostrils
    *((36, 45), (37, 44), (38, 43), (39, 42), (40, 47), (41, 46)),  # eyes
    *((48, 54), (49, 53), (50, 52), (59, 55), (58, 56)),  # outer lips
    *((60, 64), (61, 63), (67, 65)),  # inner lips
)


def _permutation() -> np.ndarray:
    order = np.arange(68)
    for left, right in _PAIRS:
        order[[left, right]] = right, left
    return order


MIRRORED = _permutation()
"""(68,) ``points[MIRRORED]`` brings the landmarks of a mirrored picture back into iBUG order."""
MIRRORED.flags.writeable = False
