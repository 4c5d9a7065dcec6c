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
    across = _reached(left, right, width, picture.shape[1])
    down = _reached(top, bottom, height, picture.shape[0])
    result = np.full((height, width, *picture.shape[2:]), fill, dtype=np.float32)
    if not across or not down:
        return result
    result[down.start : down.stop, across.start : across.stop] = _resized(
        picture, (left, top, right, bottom), (height, width), down, across, fill, method
    )
    return result


def _support(low: float, high: float, count: int) -> float:
    """Return how far from the middle of a pixel of the result its filter reaches at most, in pixels of the picture."""
    return 3 * max((high - low) / count, 1.0)


def _reached(low: float, high: float, count: int, extent: int) -> range:
    """Return which pixels of a result of ``count`` from ``low`` to ``high`` see any of a picture 0 to ``extent``."""
    pixel, support = (high - low) / count, _support(low, high, count)
    first, last = (-support - low) / pixel, (extent + support - low) / pixel
    return range(math.floor(min(max(first, 0), count)), math.ceil(max(min(last, count), 0)))


def _resized(
    picture: np.ndarray,
    box: tuple[float, float, float, float],
    size: tuple[int, int],
    rows: range,
    columns: range,
    fill: float,
    method: Image.Resampling,
) -> np.ndarray:
    """Return some rows and columns of the result; memory follows what the filter reaches of the picture."""
    left, right = _part(box[0], box[2], size[1], columns)
    top, bottom = _part(box[1], box[3], size[0], rows)
    support = _support(box[0], box[2], size[1]), _support(box[1], box[3], size[0])
    x0, x1 = math.floor(left - support[0]), math.ceil(right + support[0])
    y0, y1 = math.floor(top - support[1]), math.ceil(bottom + support[1])
    region = _region(picture, x0, y0, x1, y1, fill)
    inner = (left - x0, top - y0, right - x0, bottom - y0)
    channels = [region] if region.ndim == 2 else [region[:, :, k] for k in range(region.shape[2])]
    resized = [
        np.asarray(Image.fromarray(np.ascontiguousarray(channel)).resize((len(columns), len(rows)), method, box=inner))
        for channel in channels
    ]
    return resized[0] if picture.ndim == 2 else np.stack(resized, axis=2)


def _part(low: float, high: float, count: int, kept: range) -> tuple[float, float]:
    if len(kept) == count:
        return low, high  # to the last bit
    pixel = (high - low) / count
    return low + kept.start * pixel, low + kept.stop * pixel


def _region(picture: np.ndarray, x0: int, y0: int, x1: int, y1: int, fill: float) -> np.ndarray:
    height, width = picture.shape[:2]
    region = np.full((y1 - y0, x1 - x0, *picture.shape[2:]), fill, dtype=np.float32)
    left, right = max(x0, 0), min(x1, width)
    top, bottom = max(y0, 0), min(y1, height)
    if left < right and top < bottom:
        region[top - y0 : bottom - y0, left - x0 : right - x0] = picture[top:bottom, left:right]
    return region


def eight_bits(values: np.ndarray) -> np.ndarray:
    """Round to uint8, cut off at 0 and 255."""
    return np.clip(np.rint(values), 0, 255).astype(np.uint8)
