"""The posed head of one scene: what occluders and surroundings are hung on."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from datamodules.synthetic.light import irradiance


@dataclass
class PosedHead:
    """Landmarks, axes, light and colours of the face in the picture; everything in the camera frame, mm.

    Attributes:
        landmarks: (68, 3) posed landmark vertices.
        rotation: (3, 3) model frame -> camera frame.
        origin: (3,) where the origin of the model frame lies.
        focal: px.
        size: height and width of the picture, px.
        light: (3, 9) polynomial of the light, see :mod:`datamodules.synthetic.light`.
        skin: (3,) mean albedo of the skin.
        hair: (3,) albedo of hair, brows and beard.
        forehead: (3,) the highest point of the face in the middle.
        palette: (1 + A, 3) mean albedo of skin and how the modes of the face model change it, for other people's skin.
        skull: (3,) albedo of the skin at the upper border of the face.
    """

    landmarks: np.ndarray
    rotation: np.ndarray
    origin: np.ndarray
    focal: float
    size: int
    light: np.ndarray
    skin: np.ndarray
    hair: np.ndarray
    forehead: np.ndarray
    palette: np.ndarray
    skull: np.ndarray

    @property
    def right(self) -> np.ndarray:
        """Unit vector to the viewer's right of the head."""
        return self.rotation[:, 0]

    @property
    def up(self) -> np.ndarray:
        """Unit vector to the top of the head."""
        return self.rotation[:, 1]

    @property
    def out(self) -> np.ndarray:
        """Unit vector out of the face."""
        return self.rotation[:, 2]

    @cached_property
    def unit(self) -> float:
        """Distance between the outer eye corners, mm: the yardstick of everything worn."""
        return float(np.linalg.norm(self.landmarks[45] - self.landmarks[36]))

    def project(self, points: np.ndarray) -> np.ndarray:
        """Project (N, 3) points of the camera frame to (N, 2) px."""
        return points[:, :2] / points[:, 2:] * self.focal + self.size / 2

    def in_model(self, points: np.ndarray) -> np.ndarray:
        """Return (N, 3) points of the camera frame in the model frame."""
        return (points - self.origin) @ self.rotation

    def to_camera(self, points: np.ndarray) -> np.ndarray:
        """Return (N, 3) points of the model frame in the camera frame."""
        return points @ self.rotation.T + self.origin

    def move(self, points: np.ndarray, right: float = 0.0, up: float = 0.0, out: float = 0.0) -> np.ndarray:
        """Shift points of the camera frame along the axes of the head, mm."""
        return points + right * self.right + up * self.up + out * self.out

    @cached_property
    def shadow(self) -> np.ndarray:
        """Where light throws shadows in the picture, (2,) x and y; the longer, the more it comes from a side."""
        direction = self.light[:, 1:4].mean(0).astype(np.float64)
        thrown = -direction[:2] / max(abs(direction[2]), 0.5 * float(np.linalg.norm(direction)), 1e-6)
        return thrown / max(float(np.linalg.norm(thrown)) / 1.3, 1.0)

    def other_skin(self, rng: np.random.Generator) -> np.ndarray:
        """Draw (3,) albedo of another person's skin, as those of the faces are drawn."""
        weights = np.clip(rng.standard_normal(len(self.palette) - 1), -3, 3)
        return np.clip(self.palette[0] + weights @ self.palette[1:], 0.03, 1.0).astype(np.float32)

    @property
    def pixels_per_mm(self) -> float:
        """Scale of the picture at the depth of the face."""
        return self.focal / float(self.landmarks[:, 2].mean())

    def lit(self, albedo: np.ndarray, normals: np.ndarray | None = None) -> np.ndarray:
        """Light albedos by the light of the scene.

        Args:
            albedo: (..., 3).
            normals: (..., 3) unit normals, camera frame; by default a surface that faces the camera.
        """
        if normals is None:
            normals = np.array([0.0, 0.0, -1.0])
        flat = np.ascontiguousarray(normals.reshape(-1, 3), np.float32)
        light = np.empty_like(flat)
        irradiance(self.light, flat, light)
        return (albedo * light.reshape(normals.shape)).astype(np.float32)
