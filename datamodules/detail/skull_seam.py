"""Joining the skin of the skull to that of the face: a bald head shows no border of the face model."""

from __future__ import annotations

import numpy as np
from scipy import ndimage

SEAM_MM = 9.0
"""Standard deviation of how far the light and colour of the face reach over the skull."""

# Width of the strips on both sides that are compared, in pixels; the share of a strip at which its gain has faded; and
# the largest change of the logarithm.
_STRIP, _FADED, _MOST = 2, 0.002, 0.8


def join_skull(picture: np.ndarray, skull: np.ndarray, colour: np.ndarray, coverage: np.ndarray, reach: float) -> None:
    """Let the brightness and colour of bare skull go over into those of the face beside it.

    Both are smooth, but of different surfaces: a step between them would be seen as a line. What the face is brighter
    at the border is added to the skull there, and fades with the distance from it.

    Args:
        picture: (S, S, 3) light behind the face; changed in place where the skull is.
        skull: (S, S) bool, where bare skull is drawn.
        colour: (S, S, 3) light of the face times its coverage.
        coverage: (S, S) of the face, in [0, 1].
        reach: standard deviation, px, of the fading.
    """
    whole = coverage >= 1
    rim = skull & _grown(whole, _STRIP + 1)
    if not rim.any():
        return
    near = max(0.25 * reach, 1.0)
    face = _local_mean(colour, whole & _grown(rim, _STRIP + 1), near)
    back = _local_mean(picture, rim, near)
    step = np.log(np.maximum(face, 1e-3) / np.maximum(back, 1e-3)).clip(-_MOST, _MOST)
    weight = rim.astype(np.float32)
    share = ndimage.gaussian_filter(weight, reach)
    for channel in range(3):
        gain = ndimage.gaussian_filter(weight * step[..., channel], reach) / (share + np.float32(_FADED))
        picture[..., channel] *= np.where(skull, np.exp(gain), np.float32(1))


def _grown(where: np.ndarray, pixels: int) -> np.ndarray:
    return np.asarray(ndimage.binary_dilation(where, iterations=pixels), bool)


def _local_mean(picture: np.ndarray, where: np.ndarray, deviation: float) -> np.ndarray:
    """Return the (S, S, 3) Gaussian mean of the pixels ``where`` (S, S) allows, as far as there are any nearby."""
    weight = where.astype(np.float32)
    share = ndimage.gaussian_filter(weight, deviation)[..., None] + np.float32(1e-6)
    return ndimage.gaussian_filter(picture * weight[..., None], (deviation, deviation, 0)) / share
