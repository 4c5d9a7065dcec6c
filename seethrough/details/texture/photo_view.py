"""What the photo shows of a face: how far each of its points can be trusted to have the photo's colour."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy import ndimage

from seethrough.details.symmetry.map_sampling import pixel_coordinates
from seethrough.details.texture.bilinear import sampled
from seethrough.rendering.camera import Camera

DEPTH_TOLERANCE_MM = 4.0
"""A point that lies deeper behind what the camera sees is hidden by the face itself."""

FLAT, FACING = 0.3, 0.6
"""Cosines to the viewing ray below which a pixel is stretched over too many texels, and from which on it counts."""

NARROWED, FEATHER = 0.012, 0.02
"""Of the crop's side: outlines of masks are only about right, and the photo fades out towards what hides the face."""
BORDER = 0.05
"""Of the crop's side: so far what hides the face casts its shadow and its hairs on the skin beside it."""

WIDENED = 0.022
"""Of the crop's side, by which what hides the face is widened: at its outline the photo shows both, and fine hairs."""


@dataclass(frozen=True)
class PhotoView:
    """What the photo shows of a face.

    Attributes:
        image: (H, W, 3) RGB in [0, 1], the detail crop.
        shown: (H, W) bool, pixels that show the face.
        hidden: (H, W) bool, pixels where something else hides it.
        depth: (H, W) mm, of what the camera sees of the completed face; 0 beside it.
        camera: of the crop.
    """

    image: np.ndarray
    shown: np.ndarray
    hidden: np.ndarray
    depth: np.ndarray
    camera: Camera

    def weights(self, points: np.ndarray, normals: np.ndarray) -> np.ndarray:
        """Return (N,) in [0, 1], how far the photo tells the colour of points with unit normals, camera frame, mm."""
        rays = points / np.linalg.norm(points, axis=1, keepdims=True)
        slant = np.clip((-(normals * rays).sum(1) - FLAT) / (FACING - FLAT), 0, 1)
        side = max(self.shown.shape)
        beyond = np.minimum(self._inside - max(1.0, NARROWED * side), self._distance - WIDENED * side)
        shown = sampled(
            np.clip(beyond / max(1.0, FEATHER * side), 0, 1)[..., None], pixel_coordinates(points, self.camera)
        )[:, 0]
        column, row = self._pixels(points)
        height, width = self.depth.shape
        within = (row >= 0) & (row < height) & (column >= 0) & (column < width)
        depth = self.depth[np.where(within, row, 0), np.where(within, column, 0)]
        return slant * shown * (within & (depth > 0) & (points[:, 2] <= depth + DEPTH_TOLERANCE_MM))

    def colours(self, points: np.ndarray) -> np.ndarray:
        """Return (N, 3) RGB of the pixels that points project to; the nearest ones for points beside the crop."""
        return sampled(self.image, pixel_coordinates(points, self.camera))

    def rim(self, points: np.ndarray) -> np.ndarray:
        """Return (N, 1) in [0, 1]: 1 near the outline of what shows the face, 0 well inside."""
        share = np.clip(3 - 2 * self._inside / (BORDER * max(self.shown.shape)), 0, 1)
        return sampled(share[..., None], pixel_coordinates(points, self.camera))

    def apart(self, points: np.ndarray) -> np.ndarray:
        """Return (N, 1) in [0, 1]: 0 beside what hides the face, 1 from where on it has no shadow."""
        if not self.hidden.any():
            return np.ones((len(points), 1), dtype=np.float32)
        share = np.clip(self._distance / (BORDER * max(self.hidden.shape)) - 0.5, 0, 1)  # masks are only about right
        smooth = share * share * (3 - 2 * share)
        return sampled(smooth[..., None], pixel_coordinates(points, self.camera))

    @cached_property
    def _inside(self) -> np.ndarray:
        """(H, W) px to what does not show the face."""
        inside = ndimage.distance_transform_edt(np.pad(self.shown, 1))
        assert isinstance(inside, np.ndarray)
        return inside[1:-1, 1:-1]

    @cached_property
    def _distance(self) -> np.ndarray:
        """(H, W) px from what hides the face."""
        if not self.hidden.any():
            return np.full(self.hidden.shape, np.inf)
        distance = ndimage.distance_transform_edt(~self.hidden)
        assert isinstance(distance, np.ndarray)
        return distance

    def _pixels(self, points: np.ndarray) -> np.ndarray:
        return np.floor(np.clip(pixel_coordinates(points, self.camera), -9, 1e6)).astype(np.int64).T
