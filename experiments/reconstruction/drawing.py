"""Antialiased pictures of one reconstructed face, at any size."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from PIL import Image
from torch import Tensor
from torch.nn import functional

from seethrough.morphable import FaceModel, FaceParameters
from seethrough.photos.alignment import CropTransform
from seethrough.rendering import Camera, pose, shade, vertex_normals
from seethrough.rendering.antialiased_picture import antialiased_picture

CLAY = (0.80, 0.82, 0.86)
# Towards the lights, camera frame: a key light from the upper left, a fill from the right, a rim from below.
_LIGHTS = (((-0.45, -0.60, -0.66), 0.62), ((0.75, -0.10, -0.65), 0.20), ((0.0, 0.9, -0.4), 0.06))
_SKY = 0.22


@dataclass(frozen=True)
class Layer:
    """A picture with its opacity; planes of channels, for NumPy is slow along rows of three.

    Attributes:
        colour: (3, S, S) float32 RGB in [0, 1], meaningful where the opacity is above 0.
        opacity: (S, S) float32 in [0, 1].
    """

    colour: np.ndarray
    opacity: np.ndarray

    def over(self, ground: np.ndarray) -> np.ndarray:
        """Lay the picture over a (3, S, S) ground."""
        return ground * (1 - self.opacity) + self.colour * self.opacity

    def over_photo(self, photo: np.ndarray, crop: CropTransform) -> np.ndarray:
        """Lay the picture, of the crop's size, over its place in an (H, W, 3) uint8 photo."""
        return crop.paste(np.moveaxis(self.colour, 0, 2), self.opacity, photo)


class FaceDrawing:
    """Draws one face.

    Args:
        model: the face model.
        camera: of the square crop; its size does not matter.
        parameters: one face (batch of 1).
        ambient: white light under the illumination coefficients.
    """

    def __init__(self, model: FaceModel, camera: Camera, parameters: FaceParameters, ambient: float) -> None:
        self.model = model
        self.camera = camera
        self.parameters = parameters
        with torch.no_grad():
            self.vertices = model.shape(parameters.identity, parameters.expression)
            self.neutral = model.neutral(parameters)
            self.albedo = model.albedo(parameters.albedo).clamp(0, 1)
            posed = pose(self.vertices, parameters.rotation, parameters.translation)
            normals = vertex_normals(posed, model.triangles)
            lit = shade(model.albedo(parameters.albedo), normals, parameters.illumination, ambient)
        self._posed, self._lit = posed, lit.clamp(0, 1)

    def photo_like(self, size: int) -> Layer:
        """The face as the photo shows it: pose, albedo and light."""
        return self._draw(self._posed, self._lit, size)

    def shape(self, size: int) -> Layer:
        """The posed shape with its expression, in clay."""
        return self._clay(self._posed, size)

    def turned(self, size: int, yaw: float) -> Layer:
        """The face in the photo's own light, turned by ``yaw`` rad about the vertical from looking at the camera."""
        # Light and albedo are known only as a product, so the lit colours are the ones to show: they turn along.
        return self._draw(self._at_rest(self.vertices, yaw), self._lit, size)

    def turned_shape(self, size: int, yaw: float) -> Layer:
        """The shape with its expression in clay, turned by ``yaw`` rad."""
        posed = self._at_rest(self.vertices, yaw)
        return self._clay(posed, size)

    def neutral_shape(self, size: int) -> Layer:
        """The shape without expression, from the front, in clay."""
        posed = self._at_rest(self.neutral, 0.0)
        return self._clay(posed, size)

    def _at_rest(self, vertices: Tensor, yaw: float) -> Tensor:
        # Turned about the middle of its own box, so that it stays in the picture.
        middle = (vertices.amax(1, keepdim=True) + vertices.amin(1, keepdim=True)) / 2
        angles = vertices.new_tensor([[0.0, yaw, 0.0]])
        return pose(vertices - middle, angles, torch.zeros_like(angles))

    def _clay(self, posed: Tensor, size: int) -> Layer:
        return of_clay(self._draw(posed, clay(posed, self.model.triangles), size))

    def _draw(self, posed: Tensor, colours: Tensor, size: int) -> Layer:
        return drawn_mesh(posed, self.model.triangles, colours, self.camera.resized(size))


@torch.no_grad()
def drawn_mesh(posed: Tensor, triangles: Tensor, colours: Tensor, camera: Camera) -> Layer:
    """Draw a mesh, antialiased.

    Args:
        posed: (1, V, 3) mm, camera frame.
        triangles: (T, 3).
        colours: (1, V, C) in [0, 1]; the layer's colour has as many channels.
        camera: of the picture.
    """
    colour, opacity = antialiased_picture(posed[0], triangles, colours[0], camera)
    # Outside the face the samples are black, so the mean colour is weighted by the opacity already.
    colour /= np.maximum(opacity, 1e-6)
    return Layer(colour.clip(0, 1), opacity)


def clay(posed: Tensor, triangles: Tensor) -> Tensor:
    """Return (1, V, 1) brightness of a posed mesh (1, V, 3) under three lights, to be drawn and then seen as clay."""
    normals = vertex_normals(posed, triangles)
    light = torch.full_like(normals[..., :1], _SKY)
    for direction, strength in _LIGHTS:
        towards = functional.normalize(normals.new_tensor(direction), dim=0)
        light = light + strength * (normals @ towards).clamp_min(0)[..., None]
    return light


def of_clay(layer: Layer) -> Layer:
    """Return the picture of grey clay whose brightness (1, S, S) was drawn."""
    return Layer((layer.colour * np.array(CLAY, np.float32)[:, None, None]).clip(0, 1), layer.opacity)


def planes_of(picture: np.ndarray) -> np.ndarray:
    """Return the (3, H, W) planes of an (H, W, 3) picture."""
    return np.ascontiguousarray(np.moveaxis(picture, 2, 0))


def picture_of(planes: np.ndarray) -> Image.Image:
    """Return the picture of (3, H, W) planes in [0, 1]."""
    codes = np.rint(np.clip(planes, 0, 1) * 255).astype(np.uint8)
    return Image.fromarray(np.ascontiguousarray(np.moveaxis(codes, 0, 2)))
