"""Boxes of faces that are hidden in part: what dlib's frontal detector, made for open faces, does not find."""

from __future__ import annotations

import importlib
from functools import lru_cache
from typing import Any

import numpy as np

from seethrough.dlib_models import HIDDEN_FACE_NETWORK, find_dlib_model
from seethrough.errors import SeethroughError
from seethrough.photos.detection import Box
from seethrough.photos.resampling import eight_bits, resample

SIDES = (320, 640)
"""Longest sides at which a photo is searched in turn, pixels: the network finds faces of 80 pixels and more.

A search costs as much as its pixels.
"""
LARGEST_ENLARGEMENT = 4


def hidden_face_boxes(photo: np.ndarray, sides: tuple[int, ...] = SIDES) -> list[tuple[Box, float]]:
    """Search a photo with dlib's convolutional detector (max-margin object detection; King 2015), coarsely first.

    Its boxes are as large as the extent of the 68 landmarks: those are read in them as they are.

    Args:
        photo: (H, W, 3) uint8.
        sides: longest sides in pixels; the first at which a face is found is the last searched.

    Returns:
        (left, top, right, bottom) in photo pixels with the network's confidence, about 1 for open faces; surest first.
        None of it where the package that brings the network is missing: it is a second opinion.
    """
    network = _load_network()
    if network is None:
        return []
    height, width = photo.shape[:2]
    for side in sides:
        scale = side / max(height, width)
        if scale > LARGEST_ENLARGEMENT:
            break
        rows, columns = max(1, round(height * scale)), max(1, round(width * scale))
        picture = eight_bits(resample(photo, (0, 0, width, height), rows, columns))
        x, y = width / columns, height / rows
        found = [
            ((box.rect.left() * x, box.rect.top() * y, (box.rect.right() + 1) * x, (box.rect.bottom() + 1) * y), score)
            for box in network(np.ascontiguousarray(picture), 0)
            if (score := float(box.confidence)) > 0
        ]
        if found:
            return sorted(found, key=lambda pair: -pair[1])
    return []


@lru_cache(maxsize=1)
def _load_network() -> Any | None:
    try:
        path = find_dlib_model(HIDDEN_FACE_NETWORK, "finding hidden faces with dlib")
    except SeethroughError:  # with a landmark model of one's own the package need not be there
        return None
    dlib: Any = importlib.import_module("dlib")  # compiled, without type information
    return dlib.cnn_face_detection_model_v1(str(path))
