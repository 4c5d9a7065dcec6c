"""Cutting a rectangle with real-valued corners out of a picture, at any size, antialiased."""

from __future__ import annotations

import math

import numpy as np
from PIL import Image


def resample(
    picture: np.ndarray,
    box: tuple[float, float, float, float],
    height: int,
    width: int,
    *,
    fill: float = 0.0,
    method: Image.Resampling = Image.Resampling.BICUBIC,
) -> np.ndarray:
    """Resize the part of a picture inside a box to height x width pixels.

    One axis-aligned affine warp with exact half-pixel conventions: the corner (left, top) of the box goes to (0, 0) and
    (right, bottom) to (width, height). The filter widens when the picture shrinks, so nothing aliases; the box may
    reach outside the picture.

    Args:
        picture: (H, W) or (H, W, C), any numeric type.
        box: left, top, right, bottom in pixels of the picture (centre of the first pixel at 0.5, 0.5).
        height: pixels of the result.
        width: pixels of the result.
        fill: value outside the picture.
        method: Pillow's filter; bicubic as in the released FOCUS code, bilinear for masks (no overshoot).

    Returns:
        (height, width) or (height, width, C) float32.

    Raises:
        ValueError: an empty or non-finite box.
    """
    left, top, right, bottom = (float(value) for value in box)
    if not all(map(math.isfinite, box)) or right <= left or bottom <= top:
        raise ValueError(f"the box {box} is empty or not finite")
    support = [3 * max((right - left) / width, 1.0), 3 * max((bottom - top) / height, 1.0)]
    # Only the neighbourhood that the filter can reach is touched, so memory follows the box, not the photo.
    x0, x1 = math.floor(left - support[0]), math.ceil(right + support[0])
    y0, y1 = math.floor(top - support[1]), math.ceil(bottom + support[1])
    region = _region(picture, x0, y0, x1, y1, fill)
    inner = (left - x0, top - y0, right - x0, bottom - y0)
    channels = [region] if region.ndim == 2 else [region[:, :, k] for k in range(region.shape[2])]
    resized = [
        np.asarray(Image.fromarray(np.ascontiguousarray(channel)).resize((width, height), method, box=inner))
        for channel in channels
    ]
    return resized[0] if picture.ndim == 2 else np.stack(resized, axis=2)


def _region(picture: np.ndarray, x0: int, y0: int, x1: int, y1: int, fill: float) -> np.ndarray:
    height, width = picture.shape[:2]
    region = np.full((y1 - y0, x1 - x0, *picture.shape[2:]), fill, dtype=np.float32)
    left, right = max(x0, 0), min(x1, width)
    top, bottom = max(y0, 0), min(y1, height)
    if left < right and top < bottom:
        region[top - y0 : bottom - y0, left - x0 : right - x0] = picture[top:bottom, left:right]
    return region
