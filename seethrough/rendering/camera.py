"""The perspective camera, the pose of a face in front of it, and the way to clip space and pixels."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from seethrough.device_constants import constant_like
from seethrough.rendering.affine import transform

REST_DISTANCE = 1000.0
"""How far ahead of the camera a face at rest stands, mm (FOCUS, released code)."""

FOCUS_FOCAL_PER_PIXEL = 9.06 / 2
"""FOCUS: f = 9.06 * 224 / 2 = 1014.72 px for a picture of 224 px."""


@dataclass(frozen=True)
class Camera:
    """A pinhole camera; its optical axis meets the middle of the picture, unless the picture is a part of a larger one.

    Camera frame: x right, y down, z forward, mm. Pixels: (x, y) with the centre of the top left one at (0.5, 0.5), so
    the middle is (width / 2, height / 2).

    Attributes:
        focal: focal length, px.
        height: picture height, px.
        width: picture width, px.
        near: nearest depth that is drawn, mm.
        far: farthest depth that is drawn, mm.
        principal: (x, y) px where the optical axis meets the picture's plane, inside the picture or not; None is the
            middle.
    """

    focal: float
    height: int
    width: int
    near: float = 100.0
    far: float = 10000.0
    principal: tuple[float, float] | None = None

    def __post_init__(self) -> None:
        """Refuse sizes and planes that no picture can have."""
        if self.height < 1 or self.width < 1:
            raise ValueError(f"a camera needs at least 1x1 px, got {self.width}x{self.height}")
        if not self.focal > 0:
            raise ValueError(f"focal length must be positive, got {self.focal}")
        if not 0 < self.near < self.far:
            raise ValueError(f"need 0 < near < far, got near={self.near}, far={self.far}")
        if not all(map(math.isfinite, self.principal_point)):
            raise ValueError(f"the principal point must be finite, got {self.principal}")

    @property
    def principal_point(self) -> tuple[float, float]:
        """(x, y) px where the optical axis meets the picture's plane."""
        return (self.width / 2, self.height / 2) if self.principal is None else self.principal

    def resized(self, size: int | tuple[int, int]) -> Camera:
        """Return the camera of the same picture resampled to ``size`` px (one number: height; the width follows).

        A (height, width) pair must keep the aspect ratio up to rounding; the focal length scales with the height.
        """
        if isinstance(size, int):
            size = (size, max(1, round(self.width * size / self.height)))
        height, width = size
        principal = None
        if self.principal is not None:
            principal = (self.principal[0] * width / self.width, self.principal[1] * height / self.height)
        return Camera(self.focal * height / self.height, height, width, self.near, self.far, principal)

    def project(self, points: Tensor) -> Tensor:
        """Project (B, N, 3) points of the camera frame, mm, to (B, N, 2) pixel coordinates (x, y).

        Points at or behind the camera have no picture; they give infinite or mirrored coordinates.
        """
        centre = self._constant(self.principal_point, points)
        return points[..., :2] / points[..., 2:] * self.focal + centre

    def clip(self, points: Tensor) -> Tensor:
        """Map (B, N, 3) points of the camera frame, mm, to (B, N, 4) clip coordinates.

        After division by w, x and y lie in [-1, 1] inside the picture with y = -1 on its *top* border (row 0), and z
        runs from -1 at ``near`` to 1 at ``far``; w is the depth in mm.
        """
        span = self.far - self.near
        x, y = self.principal_point
        matrix = (
            (2 * self.focal / self.width, 0, 2 * x / self.width - 1, 0),
            (0, 2 * self.focal / self.height, 2 * y / self.height - 1, 0),
            (0, 0, (self.far + self.near) / span, -2 * self.far * self.near / span),
            (0, 0, 1, 0),
        )
        return transform(points, self._constant(matrix, points).expand(len(points), 4, 4))

    def _constant(self, values: Any, like: Tensor) -> Tensor:
        """Return a tensor of numbers of this camera; kept for ever unless each photo has a camera of its own."""
        return constant_like(values, like) if self.principal is None else like.new_tensor(values)

    @property
    def clip_depth_scale(self) -> float:
        """B in z / w = A - B / w, mm: how fast clip depth changes, used to compare depths across one pixel."""
        return 2 * self.far * self.near / (self.far - self.near)


def focus_camera(size: int = 224) -> Camera:
    """Return the camera of FOCUS (12.6 degrees) for square pictures of ``size`` px."""
    return Camera(focal=FOCUS_FOCAL_PER_PIXEL * size, height=size, width=size)


def rotation_matrix(angles: Tensor) -> Tensor:
    """Turn (B, 3) angles about x, y, z in radians into (B, 3, 3) rotations from the model to the camera frame.

    R = diag(1, -1, -1) Rx Ry Rz (FOCUS, released code). The diagonal turns y up, z towards the viewer into y down, z
    forward; its determinant is +1, so R is proper and triangles keep their orientation.
    """
    if angles.ndim != 2 or angles.shape[1] != 3:
        raise ValueError(f"expected (B, 3) angles, got {tuple(angles.shape)}")
    cosine, sine = angles.cos(), angles.sin()
    cx, cy, cz = cosine.unbind(1)
    sx, sy, sz = sine.unbind(1)
    entries = [
        cy * cz,
        -cy * sz,
        sy,
        -(cx * sz + sx * sy * cz),
        sx * sy * sz - cx * cz,
        sx * cy,
        cx * sy * cz - sx * sz,
        -(cx * sy * sz + sx * cz),
        -cx * cy,
    ]
    return torch.stack(entries, dim=1).view(-1, 3, 3)


def pose(points: Tensor, rotation: Tensor, translation: Tensor) -> Tensor:
    """Place (B, N, 3) points of the model frame in the camera frame: R p + t + (0, 0, 1000), all mm.

    Args:
        points: (B, N, 3) mm, model frame.
        rotation: (B, 3) angles in radians, see :func:`rotation_matrix`.
        translation: (B, 3) mm, camera frame, relative to the resting place.
    """
    if points.ndim != 3 or points.shape[2] != 3:
        raise ValueError(f"expected (B, N, 3) points, got {tuple(points.shape)}")
    if translation.shape != rotation.shape or rotation.shape[0] != points.shape[0]:
        raise ValueError(
            f"points {tuple(points.shape)}, rotation {tuple(rotation.shape)} and translation "
            f"{tuple(translation.shape)} do not fit together"
        )
    place = translation + constant_like((0.0, 0.0, REST_DISTANCE), translation)
    return transform(points, torch.cat([rotation_matrix(rotation), place[:, :, None]], dim=2))
