"""From faces that were fitted frame by frame to one person who moves smoothly."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from scipy.spatial.transform import Rotation

from seethrough.details.pose_refit import refit_pose
from seethrough.errors import SeethroughError
from seethrough.morphable import FaceModel, FaceParameters
from seethrough.photos import CropTransform
from seethrough.rendering import REST_DISTANCE, Camera, pose, rotation_matrix
from seethrough.tracks.local_regression import robust_mean, smoothed, smoothed_rotations

_FLIP = np.diag([1.0, -1.0, -1.0])


@dataclass(frozen=True)
class FrameFace:
    """What was found in one frame by itself.

    Attributes:
        parameters: one face (batch of 1).
        landmarks: (68, 2) detected, px of the frame's crop.
        weight: in [0, 1], how well the face was seen.
    """

    parameters: FaceParameters
    landmarks: np.ndarray
    weight: float


@dataclass(frozen=True)
class FaceTrack:
    """One person through all frames.

    Attributes:
        parameters: batch of T faces; identity and albedo are the same in all.
        landmarks: (T, 68, 2) px of each frame's crop.
        weights: (T,) as measured; 0 in gaps.
    """

    parameters: FaceParameters
    landmarks: np.ndarray
    weights: np.ndarray


def smooth_crops(crops: Sequence[CropTransform | None], bandwidth: float) -> list[CropTransform]:
    """Return crops that move smoothly, for all frames; coefficients of pose lie in them.

    Args:
        crops: of the frames' faces, all of one size; None where none was found.
        bandwidth: frames, see :func:`~seethrough.tracks.local_regression.smoothed`.
    """
    found = [crop for crop in crops if crop is not None]
    if not found:
        raise SeethroughError("no frame shows a face; is one large, sharp and upright?")
    rows = [[*crop.centre, np.log(crop.scale)] if crop is not None else [0.0] * 3 for crop in crops]
    values = smoothed(np.array(rows), np.array([crop is not None for crop in crops], float), bandwidth)
    return [CropTransform(float(np.exp(scale)), (float(x), float(y)), found[0].size) for x, y, scale in values]


@torch.no_grad()
def track_face(
    frames: Sequence[FrameFace | None], model: FaceModel, camera: Camera, bandwidth: float = 2.5
) -> FaceTrack:
    """Join frames to a track.

    Identity and albedo are the robust means over the frames, weighted by how well each was seen. As another identity
    in the same pose would be seen elsewhere, each frame's pose is first refitted so that the shared face's landmarks
    lie where its own face's were. Then pose, expression, light and landmarks are smoothed in time, without lag.

    Args:
        frames: in order, each fitted in a crop of :func:`smooth_crops`; None where no face was found.
        model: the face model of the parameters.
        camera: of the crops.
        bandwidth: frames over which is smoothed (standard deviation); 0 shares identity and bridges gaps alone.

    Raises:
        SeethroughError: no frame has a face of weight above 0.
    """
    weights = np.array([0.0 if frame is None else frame.weight for frame in frames])
    seen = [frame for frame, weight in zip(frames, weights, strict=True) if frame is not None and weight > 0]
    if not seen:
        raise SeethroughError("no frame shows a face; is one large, sharp and upright?")
    own = FaceParameters.from_vector(
        torch.cat([frame.parameters.to_vector() for frame in seen]), seen[0].parameters.sizes
    )
    known = weights > 0
    shared = {
        kind: torch.from_numpy(robust_mean(getattr(own, kind).double().numpy(), weights[known])).float()[None]
        for kind in ("identity", "albedo")
    }
    rotation, translation = np.tile(np.eye(3), (len(frames), 1, 1)), np.zeros((len(frames), 3))
    rotation[known], translation[known] = _refitted(own, shared["identity"], model, camera)

    def spread(values: np.ndarray) -> np.ndarray:
        placed = np.zeros((len(frames), values.shape[1]))
        placed[known] = values
        return placed

    def smooth(values: np.ndarray) -> np.ndarray:
        return smoothed(spread(values), weights, bandwidth)

    turned = smoothed_rotations(rotation, weights, bandwidth)
    angles = Rotation.from_matrix(_FLIP @ turned).as_euler("XYZ")
    moved = smooth(translation[known])
    count = len(frames)
    parameters = FaceParameters(
        identity=shared["identity"].expand(count, -1),
        expression=torch.from_numpy(smooth(own.expression.double().numpy())).float(),
        albedo=shared["albedo"].expand(count, -1),
        illumination=torch.from_numpy(smooth(own.illumination.double().numpy())).float(),
        rotation=torch.from_numpy(angles).float(),
        translation=torch.from_numpy(moved).float(),
    )
    points = smooth(np.stack([frame.landmarks.reshape(-1) for frame in seen]))
    return FaceTrack(parameters, points.reshape(count, 68, 2), weights)


def _refitted(
    own: FaceParameters, identity: torch.Tensor, model: FaceModel, camera: Camera
) -> tuple[np.ndarray, np.ndarray]:
    """Return (N, 3, 3) rotations and (N, 3) translations that show the shared face where each frame's own one was."""
    basis = rotation_matrix(own.rotation).double().numpy()
    found = basis.copy(), own.translation.double().numpy().copy()
    for index in range(len(own)):
        one = own[index : index + 1]
        points = model.landmark_positions(model.shape(one.identity, one.expression))
        wanted = camera.project(pose(points, one.rotation, one.translation))[0].double().numpy()
        shared = model.landmark_positions(model.shape(identity, one.expression))[0].double().numpy()
        rotation, translation = refit_pose(shared, wanted, camera, basis[index])
        found[0][index], found[1][index] = rotation, translation - [0, 0, REST_DISTANCE]
    return found
