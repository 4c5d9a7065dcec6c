"""The square crop that bump maps belong to: where it lies in the photo."""

from __future__ import annotations

import numpy as np

from seethrough.errors import SeethroughError
from seethrough.photos.alignment import CropTransform
from seethrough.rendering.camera import Camera

DETAIL_SIZE = 500
"""Pixels of the crop's side in the paper and in the released code."""

LEFT, TOP, RIGHT, BOTTOM = 1.9255, 2.2591, 1.9423, 1.6087
"""How far the crop reaches from the middle of the landmarks' box, in halves of the box's larger side (release)."""


def detail_crop(landmarks: np.ndarray, *, size: int = DETAIL_SIZE) -> CropTransform:
    """Find the crop of the detail stage for one face, as the released code does.

    The tight box of the 68 landmarks is extended from its middle by 1.9255, 2.2591, 1.9423 and 1.6087 times half its
    larger side to the left, top, right and bottom. That makes a square, which is resampled without rotation; it shows
    nothing (black) outside the photo.

    Args:
        landmarks: (68, 2) iBUG landmarks in the photo, px, half-integer pixel centres.
        size: pixels of the crop's side; 256 shows the same part of the photo as 500.

    Returns:
        The crop.

    Raises:
        SeethroughError: landmarks that are not finite or lie on one point.
    """
    points = np.asarray(landmarks, dtype=np.float64)
    if points.shape != (68, 2):
        raise ValueError(f"expected (68, 2) landmarks, got {points.shape}")
    if not np.isfinite(points).all():
        raise SeethroughError("the landmarks hold values that are not finite; detect the face again")
    low, high = points.min(0), points.max(0)
    half = float((high - low).max()) / 2
    if not half > 1e-6:
        raise SeethroughError("the landmarks lie on one point, so the face has no size; detect the face again")
    x, y = (low + high) / 2 + half * np.array([RIGHT - LEFT, BOTTOM - TOP]) / 2
    return CropTransform(size / (half * (LEFT + RIGHT)), (float(x), float(y)), size)


def camera_in_crop(camera: Camera, of: CropTransform, crop: CropTransform) -> Camera:
    """Return the camera that sees in another crop of a photo what ``camera`` sees in its own.

    A point of the photo has the same viewing ray in both, exactly: the focal length scales with the crops, and the
    optical axis meets the photo where it did, which is usually not the middle of the other crop.

    Args:
        camera: of the square crop ``of``, any focal length.
        of: where the camera's picture lies in the photo.
        crop: where the other picture lies in it.
    """
    if (camera.height, camera.width) != (of.size, of.size):
        raise ValueError(f"the camera has {camera.width} x {camera.height} px, its crop {of.size} x {of.size}")
    x, y = crop.to_crop(of.to_photo(np.array(camera.principal_point)))
    focal = camera.focal * crop.scale / of.scale
    return Camera(focal, crop.size, crop.size, camera.near, camera.far, (float(x), float(y)))
