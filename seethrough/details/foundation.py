"""The foundation: the posed, smooth face under the details, in the crop of the detail stage (Extreme 3D, Sec. 3)."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from seethrough.details.detail_crop import camera_in_crop, detail_crop
from seethrough.details.openings import closed_triangles
from seethrough.details.pose_refit import refit_pose
from seethrough.errors import SeethroughError
from seethrough.morphable.face_model import FaceModel
from seethrough.morphable.parameters import FaceParameters
from seethrough.photos.alignment import CropTransform
from seethrough.rendering.camera import Camera, pose, rotation_matrix

FOUNDATIONS = ("focus", "release")
"""``focus``: pose and camera as they are. ``release``: the pose is refitted for the camera of the released weights."""

RELEASE_FOCAL_PER_PIXEL = 2.0
"""The released code sees its crop of 500 px with a focal length of 1000 px and the axis in the middle."""


@dataclass(frozen=True)
class Foundation:
    """One posed face, and the camera that sees it in the detail crop.

    Attributes:
        vertices: (V, 3) mm, camera frame (x right, y down, z forward).
        triangles: (T, 3) int32, with eyes and mouth closed.
        camera: of the detail crop.
        landmarks: (68, 2) of this face in the crop, px.
    """

    vertices: Tensor
    triangles: Tensor
    camera: Camera
    landmarks: Tensor

    def resized(self, size: int) -> Foundation:
        """Return the same face seen at another resolution of the crop."""
        return replace(self, camera=self.camera.resized(size), landmarks=self.landmarks * size / self.camera.height)


def release_camera(size: int) -> Camera:
    """Return the camera of the released code for a square crop of ``size`` px: 28 degrees, axis in the middle."""
    return Camera(RELEASE_FOCAL_PER_PIXEL * size, size, size, near=50.0)


@torch.no_grad()
def foundation_of(
    model: FaceModel,
    parameters: FaceParameters,
    camera: Camera,
    camera_crop: CropTransform,
    landmarks: np.ndarray,
    *,
    crop: CropTransform | None = None,
    preset: str = "focus",
) -> Foundation:
    """Place a face that was fitted in one crop of a photo into the detail crop.

    Args:
        model: the face model of the parameters.
        parameters: one face (batch of 1), as FOCUS predicts it.
        camera: the camera of the parameters.
        camera_crop: where that camera's picture lies in the photo (:func:`~seethrough.photos.align`).
        landmarks: (68, 2) detected landmarks, px of the photo. They decide where the detail crop lies, and with
            ``release`` the pose.
        crop: the detail crop, where it is not that of the landmarks.
        preset: ``focus`` keeps shape, pose and camera; every point of the photo keeps its viewing ray. ``release``
            keeps identity and expression and refits the pose for a focal length of 1000 px at 500 px, which is what
            the released weights have learned from.

    Returns:
        The foundation, on the device of the model.

    Raises:
        SeethroughError: an unknown preset, unfit landmarks, or a pose that cannot be found.
    """
    if len(parameters) != 1:
        raise ValueError(f"a foundation is of one face, got {len(parameters)}")
    crop = crop or detail_crop(landmarks)
    vertices = model.shape(parameters.identity, parameters.expression)
    if preset == "focus":
        posed = pose(vertices, parameters.rotation, parameters.translation)[0]
        return foundation_from_vertices(model, posed, camera_in_crop(camera, camera_crop, crop))
    if preset != "release":
        raise SeethroughError(f"unknown foundation {preset!r}: choose one of {', '.join(FOUNDATIONS)}")
    seen = release_camera(crop.size)
    points = model.landmark_positions(vertices)[0].double().cpu().numpy()
    start = rotation_matrix(parameters.rotation)[0].double().cpu().numpy()
    rotation, translation = refit_pose(points, crop.to_crop(landmarks), seen, start)
    moved = vertices[0] @ vertices.new_tensor(rotation).T + vertices.new_tensor(translation)
    return foundation_from_vertices(model, moved, seen)


def foundation_from_vertices(model: FaceModel, vertices: Tensor, camera: Camera) -> Foundation:
    """Return the foundation of posed vertices (V, 3), mm, camera frame, of a face model.

    Raises:
        SeethroughError: vertices that are not finite, or not all in front of the camera.
    """
    if not bool(torch.isfinite(vertices).all()):
        raise SeethroughError("the foundation has vertices that are not finite; its coefficients have diverged")
    nearest = float(vertices[:, 2].min())
    if nearest <= camera.near:
        raise SeethroughError(
            f"the foundation reaches to {nearest:.0f} mm from the camera, which sees from {camera.near:.0f} mm on; is "
            "its translation in mm, and in the frame that it says?"
        )
    landmarks = camera.project(model.landmark_positions(vertices[None]))[0]
    return Foundation(vertices, closed_triangles(model), camera, landmarks)
