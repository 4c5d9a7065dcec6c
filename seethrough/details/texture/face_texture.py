"""The texture of a face: the photo where it shows the face, its mirror image relit, and the model's colours."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from seethrough.details.symmetry.map_sampling import pixel_coordinates
from seethrough.details.texture.atlas import Atlas
from seethrough.details.texture.smooth_extension import extended
from seethrough.rendering.camera import Camera

SOURCES = ("photo", "mirrored", "model")
"""What a texel's colour is from; the numbers of ``FaceTexture.source``."""

DEPTH_TOLERANCE_MM = 4.0
"""A point that lies deeper behind what the camera sees is hidden by the face itself."""

FLAT, FACING = 0.3, 0.6
"""Cosines to the viewing ray below which a pixel is stretched over too many texels, and from which on it counts."""

NARROWED, FEATHER = 0.012, 0.02
"""Of the crop's side: outlines of masks are only about right, and the photo fades out towards what hides the face."""
_RELIT = 3.0  # most by which light differs between the sides
_GAIN_LEVEL = 5  # squares of 32 texels tell how the photo's colours differ from the model's


@dataclass(frozen=True)
class PhotoView:
    """What the photo shows of a face.

    Attributes:
        image: (H, W, 3) RGB in [0, 1], the detail crop.
        shown: (H, W) bool, pixels that show the face.
        depth: (H, W) mm, of what the camera sees of the completed face; 0 beside it.
        camera: of the crop.
    """

    image: np.ndarray
    shown: np.ndarray
    depth: np.ndarray
    camera: Camera

    def weights(self, points: np.ndarray, normals: np.ndarray) -> np.ndarray:
        """Return (N,) in [0, 1], how far the photo tells the colour of points with unit normals, camera frame, mm."""
        rays = points / np.linalg.norm(points, axis=1, keepdims=True)
        slant = np.clip((-(normals * rays).sum(1) - FLAT) / (FACING - FLAT), 0, 1)
        side = max(self.shown.shape)
        inside = ndimage.distance_transform_edt(np.pad(self.shown, 1))
        assert isinstance(inside, np.ndarray)
        faded = (inside[1:-1, 1:-1] - max(1.0, NARROWED * side)) / max(1.0, FEATHER * side)
        shown = self._at(np.clip(faded, 0, 1), points)
        column, row = self._pixels(points)
        height, width = self.depth.shape
        within = (row >= 0) & (row < height) & (column >= 0) & (column < width)
        depth = self.depth[np.where(within, row, 0), np.where(within, column, 0)]
        return slant * shown * (within & (depth > 0) & (points[:, 2] <= depth + DEPTH_TOLERANCE_MM))

    def colours(self, points: np.ndarray) -> np.ndarray:
        """Return (N, 3) RGB of the pixels that points project to; the nearest ones for points beside the crop."""
        return np.stack([self._at(plane, points) for plane in np.moveaxis(self.image, 2, 0)], axis=1)

    def _at(self, plane: np.ndarray, points: np.ndarray) -> np.ndarray:
        x, y = pixel_coordinates(points, self.camera).T
        return ndimage.map_coordinates(np.asarray(plane, np.float32), [y - 0.5, x - 0.5], order=1, mode="nearest")

    def _pixels(self, points: np.ndarray) -> np.ndarray:
        return np.floor(np.clip(pixel_coordinates(points, self.camera), -9, 1e6)).astype(np.int64).T


@dataclass(frozen=True)
class FaceTexture:
    """A texture.

    Attributes:
        image: (S, S, 3) float32 RGB in [0, 1]; row 0 is at v = 1.
        source: (S, S) int8, numbers of :data:`SOURCES`, what has the largest share in a texel; -1 beside the charts.
    """

    image: np.ndarray
    source: np.ndarray

    def shares(self) -> dict[str, float]:
        """Return the share of the charts' texels that each source has."""
        charts = self.source[self.source >= 0]
        return {name: float((charts == number).mean()) for number, name in enumerate(SOURCES)}

    def at(self, uv: np.ndarray) -> np.ndarray:
        """Return the (N, 3) RGB of (N, 2) texture coordinates."""
        size = len(self.image)
        places = [(1 - uv[:, 1]) * size - 0.5, uv[:, 0] * size - 0.5]
        planes = np.moveaxis(self.image, 2, 0)
        return np.stack([ndimage.map_coordinates(p, places, order=1, mode="nearest") for p in planes], axis=1)


def face_texture(
    atlas: Atlas,
    view: PhotoView,
    vertices: np.ndarray,
    normals: np.ndarray,
    albedo: np.ndarray,
    light: np.ndarray,
) -> FaceTexture:
    """Make the texture of a face that a photo shows a part of.

    Texels that the photo shows take its pixels. Of the others, those whose counterpart across the face it shows take
    that one's, times the ratio of the light here to the light there. What neither side shows takes the model's albedo
    in the model's light, times how the photo's colours differ from the model's in the nearest places where they are
    known.

    Args:
        atlas: of the face model.
        view: the photo.
        vertices: (V, 3) mm, camera frame, of the completed face.
        normals: (V, 3) unit, of the same.
        albedo: (V, 3) RGB of the face model.
        light: (V, 3) what each channel is multiplied with at a vertex.
    """
    points = atlas.of_vertices(vertices).astype(np.float64)
    directions = atlas.of_vertices(normals).astype(np.float64)
    directions /= np.maximum(np.linalg.norm(directions, axis=1, keepdims=True), 1e-12)
    weight = view.weights(points, directions)[:, None]
    photo = view.colours(points)
    shading = np.maximum(atlas.of_vertices(light), 1e-3)
    model = np.clip(atlas.of_vertices(albedo), 0.01, 1) * shading

    other = atlas.across(np.concatenate([weight * photo / shading, weight], axis=1))
    there = other[:, 3:]
    relit = other[:, :3] / np.maximum(there, 1e-6) * shading
    bright = other[:, :3] / np.maximum(there, 1e-6) * np.maximum(atlas.across(shading), 1e-3)
    relit = np.clip(relit, bright / _RELIT, bright * _RELIT)

    gain = np.log(np.clip(photo, 0.02, 1) / np.clip(model, 0.02, None))
    plane, known = (np.zeros((atlas.size, atlas.size, width), np.float32) for width in (3, 1))
    plane[atlas.covered], known[atlas.covered] = gain, weight
    gain = extended(plane, known[..., 0], _GAIN_LEVEL)[atlas.covered]
    own, mirrored = weight, (1 - weight) * np.clip(there, 0, 1)
    colours = own * photo + mirrored * relit + (1 - own - mirrored) * model * np.exp(gain)
    source = np.full((atlas.size, atlas.size), -1, dtype=np.int8)
    source[atlas.covered] = np.concatenate([own, mirrored, 1 - own - mirrored], axis=1).argmax(1)
    return FaceTexture(atlas.picture(np.clip(colours, 0, 1)), source)
