"""What the photo shows of a face: how far each of its points can be trusted to have the photo's colour."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from scipy import ndimage
from torch import Tensor

from seethrough.details.symmetry.map_sampling import pixel_coordinates
from seethrough.details.texture.bilinear import grid_of, read
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
class PhotoSample:
    """What a photo has at N points.

    Attributes:
        colours: (N, 3) RGB.
        shown: (N,) in [0, 1], how certainly the pixel shows the face.
        rim: (N, 1) in [0, 1]: 1 near the outline of what shows the face, 0 well inside.
        apart: (N, 1) in [0, 1]: 0 beside what hides the face, 1 from where on it has no shadow.
    """

    colours: np.ndarray
    shown: np.ndarray
    rim: np.ndarray
    apart: np.ndarray


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

    def read(self, points: np.ndarray) -> PhotoSample:
        """Read the photo and what is known of its pixels where (N, 3) points, camera frame, mm, project to.

        Points beside the crop read its border.
        """
        height, width = self.shown.shape
        found = read(self._maps, grid_of(pixel_coordinates(points, self.camera), height, width))
        return PhotoSample(found[:, :3], found[:, 3], found[:, 4:5], found[:, 5:])

    def weights(self, points: np.ndarray, normals: np.ndarray, shown: np.ndarray | None = None) -> np.ndarray:
        """Return (N,) in [0, 1], how far the photo tells the colour of points with normals, camera frame, mm.

        Args:
            points: (N, 3).
            normals: (N, 3) of any length.
            shown: (N,) of :meth:`read` at the points; None reads it.
        """
        lengths = np.sqrt(_dot(points, points) * _dot(normals, normals))
        slant = np.clip((-_dot(normals, points) / np.maximum(lengths, 1e-12) - FLAT) / (FACING - FLAT), 0, 1)
        shown = self.read(points).shown if shown is None else shown
        column, row = np.floor(np.clip(pixel_coordinates(points, self.camera), -9, 1e6)).astype(np.int64).T
        height, width = self.depth.shape
        within = (row >= 0) & (row < height) & (column >= 0) & (column < width)
        depth = self.depth[np.where(within, row, 0), np.where(within, column, 0)]
        return slant * shown * (within & (depth > 0) & (points[:, 2] <= depth + DEPTH_TOLERANCE_MM))

    @cached_property
    def _maps(self) -> Tensor:
        """(6, H, W): the photo; shares of how certainly a pixel shows the face, is at the outline, has no shadow."""
        side = max(self.shown.shape)
        beyond = np.minimum(self._inside - max(1.0, NARROWED * side), self._distance - WIDENED * side)
        shown = np.clip(beyond / max(1.0, FEATHER * side), 0, 1)
        rim = np.clip(3 - 2 * self._inside / (BORDER * side), 0, 1)
        apart = np.clip(self._distance / (BORDER * side) - 0.5, 0, 1)  # masks are only about right
        apart = apart * apart * (3 - 2 * apart)
        return torch.from_numpy(np.stack([*np.moveaxis(self.image, 2, 0), shown, rim, apart]).astype(np.float32))

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


def _dot(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    return a[:, 0] * b[:, 0] + a[:, 1] * b[:, 1] + a[:, 2] * b[:, 2]
