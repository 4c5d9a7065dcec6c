"""The rigid pose of a known face from its landmarks, for a given camera."""

from __future__ import annotations

import numpy as np
from scipy.optimize import least_squares
from scipy.spatial.transform import Rotation

from seethrough.errors import SeethroughError
from seethrough.rendering.camera import Camera

USED = 60
"""The release leaves out the inner lip, points 60 to 67."""

TURNED = np.deg2rad(18.0)
"""From this yaw on, the release leaves out the jaw of the side that is turned away."""

_JAW_MIDDLE = 8
_JAW = 17


def refit_pose(
    points: np.ndarray, landmarks: np.ndarray, camera: Camera, start: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Find the rotation and translation that bring a face's landmarks onto those of a picture.

    Least squares of the distances in px (the released code: EPnP, then the same again without the hidden jaw; here
    Levenberg-Marquardt from a rotation that is known roughly). Of the jaw's points that of the side turned away do not
    count from 18 degrees on: there a detector marks the silhouette. The inner lip never counts.

    Args:
        points: (68, 3) mm, model frame.
        landmarks: (68, 2) px in the camera's picture; points that are not finite do not count.
        camera: of the picture.
        start: (3, 3) a rotation from the model to the camera frame that is roughly right.

    Returns:
        (3, 3) rotation and (3,) translation in mm: camera frame = R p + t.

    Raises:
        SeethroughError: fewer than six usable landmarks, landmarks on one point, or a face behind the camera.
    """
    points, landmarks = np.asarray(points, dtype=np.float64), np.asarray(landmarks, dtype=np.float64)
    kept = landmark_choice(start) & np.isfinite(landmarks).all(1)
    if kept.sum() < 6:
        raise SeethroughError(f"a pose needs 6 landmarks or more, {kept.sum()} are usable; detect the face again")
    known, wanted = points[kept], landmarks[kept]
    centre = np.array(camera.principal_point)
    middle = known.mean(0)

    turned = (known - middle) @ start.T
    spread = np.linalg.norm(wanted - wanted.mean(0))
    if not spread > 1e-6:
        raise SeethroughError("the landmarks lie on one point, so the face has no pose; detect the face again")
    depth = camera.focal * np.linalg.norm(turned[:, :2] - turned[:, :2].mean(0)) / spread
    first = np.concatenate([np.zeros(3), [*((wanted.mean(0) - centre) / camera.focal * depth), depth]])
    scale = np.array([1.0, 1.0, 1.0, 100.0, 100.0, 100.0])  # a radian and a decimetre move the points alike

    def placed(vector: np.ndarray) -> np.ndarray:
        return turned @ Rotation.from_rotvec(vector[:3]).as_matrix().T + vector[3:]

    def residuals(scaled: np.ndarray) -> np.ndarray:
        seen = placed(scaled * scale)
        return (seen[:, :2] / seen[:, 2:] * camera.focal + centre - wanted).reshape(-1)

    found = least_squares(residuals, first / scale, method="lm", xtol=1e-12, ftol=1e-12).x * scale
    if not np.isfinite(found).all() or placed(found)[:, 2].min() <= camera.near:
        raise SeethroughError("no pose in front of the camera explains the landmarks; detect the face again")
    rotation = Rotation.from_rotvec(found[:3]).as_matrix() @ start
    return rotation, found[3:] - rotation @ middle


def landmark_choice(rotation: np.ndarray) -> np.ndarray:
    """Return the (68,) bool of landmarks that tell the pose of a face turned by (3, 3) ``rotation`` (model to camera).

    From 18 degrees of yaw on, the jaw of the side that is turned away does not count.
    """
    kept = np.arange(68) < USED
    yaw = np.arctan2(rotation[0, 2], -rotation[2, 2])  # of the face's forward axis, positive to the viewer's right
    index = np.arange(_JAW)
    if yaw > TURNED:
        kept[:_JAW] = index <= _JAW_MIDDLE
    elif yaw < -TURNED:
        kept[:_JAW] = index >= _JAW_MIDDLE
    return kept
