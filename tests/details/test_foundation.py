from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from seethrough.details import detail_crop, foundation_depth, foundation_from_vertices, foundation_of
from seethrough.details.foundation import release_camera
from seethrough.details.pose_refit import landmark_choice, refit_pose
from seethrough.errors import SeethroughError
from seethrough.morphable import FaceParameters
from seethrough.photos import CropTransform
from seethrough.rendering import FaceRenderer, focus_camera, rotation_matrix
from tests.small_face import small_face_model

MODEL = small_face_model()
FRONT = np.diag([1.0, -1.0, -1.0])
ANGLE = st.floats(-0.35, 0.35)


def parameters(seed: int = 0) -> FaceParameters:
    draw = torch.Generator().manual_seed(seed)
    face = FaceParameters.zeros(MODEL.sizes)
    return face.with_changes(
        identity=torch.randn(face.identity.shape, generator=draw),
        expression=torch.randn(face.expression.shape, generator=draw),
        rotation=0.2 * torch.randn(1, 3, generator=draw),
        translation=torch.tensor([[4.0, -6.0, 25.0]]),
    )


@pytest.mark.parametrize("size", [500, 256])
def test_foundation_of_focus_lies_where_focus_drew_it(size: int) -> None:
    face, crop = parameters(), CropTransform(0.7, (410.0, 377.0), 224)
    drawn = FaceRenderer(MODEL, focus_camera(224))(face)
    landmarks = crop.to_photo(drawn.landmarks[0].double().numpy())
    detail = detail_crop(landmarks, size=size)
    found = foundation_of(MODEL, face, focus_camera(224), crop, landmarks, crop=detail)
    torch.testing.assert_close(found.vertices, drawn.posed[0])
    np.testing.assert_allclose(detail.to_photo(found.landmarks.numpy()), landmarks, atol=2e-3)
    depth, mask = foundation_depth(found, backend="cpu")
    assert depth.shape == (1, size, size)
    covered = CropTransform(crop.scale, crop.centre, 224).to_photo_mask(drawn.mask[0, 0].numpy(), 900, 900)
    there = detail.to_photo_mask(mask[0].numpy(), 900, 900)
    assert np.abs(covered - there).mean() < 0.05 * covered.mean()  # the same pixels of the photo, but for their edge


@settings(max_examples=20, deadline=None)
@given(ANGLE, ANGLE, ANGLE, st.floats(-40, 40), st.floats(-40, 40), st.floats(480, 800), st.integers(0, 5))
def test_refit_finds_the_pose_that_made_the_landmarks(pitch, yaw, roll, x, y, z, seed) -> None:
    points = MODEL.shape(parameters(seed).identity)[0, MODEL.landmarks].double().numpy()
    true = rotation_matrix(torch.tensor([[pitch, yaw, roll]], dtype=torch.float64))[0].numpy()
    camera = release_camera(500)
    placed = torch.from_numpy(points @ true.T + [x, y, z])
    landmarks = camera.project(placed[None])[0].numpy()
    start = Rotation.from_rotvec([0.1, -0.15, 0.05]).as_matrix() @ true
    rotation, translation = refit_pose(points, landmarks, camera, start)
    np.testing.assert_allclose(rotation, true, atol=1e-6)
    np.testing.assert_allclose(translation, [x, y, z], atol=1e-3)


def test_release_refits_the_pose_for_its_own_camera() -> None:
    face, crop = parameters(1), CropTransform(1.0, (300.0, 300.0), 224)
    landmarks = crop.to_photo(FaceRenderer(MODEL, focus_camera(224)).geometry(face).landmarks[0].double().numpy())
    found = foundation_of(MODEL, face, focus_camera(224), crop, landmarks, preset="release")
    assert (found.camera.focal, found.camera.principal_point) == (1000.0, (250.0, 250.0))
    misses = np.linalg.norm(found.landmarks.numpy() - detail_crop(landmarks).to_crop(landmarks), axis=1)
    assert misses.mean() < 5  # half the distance bends perspective, and only pose may answer
    assert float(found.vertices[:, 2].mean()) < 800
    smaller = foundation_of(
        MODEL, face, focus_camera(224), crop, landmarks, preset="release", crop=detail_crop(landmarks, size=250)
    )
    torch.testing.assert_close(smaller.vertices, found.vertices, rtol=1e-4, atol=0.05)
    torch.testing.assert_close(found.resized(250).landmarks, smaller.landmarks, rtol=1e-3, atol=0.05)


@pytest.mark.parametrize(("yaw", "missing"), [(0.0, []), (0.5, range(9, 17)), (-0.5, range(8))])
def test_hidden_jaw_and_inner_lip_do_not_count(yaw: float, missing) -> None:
    kept = landmark_choice(rotation_matrix(torch.tensor([[0.0, yaw, 0.0]]))[0].numpy())
    assert sorted(set(range(68)) - set(np.flatnonzero(kept))) == [*missing, *range(60, 68)]


def test_unfit_landmarks_and_poses_are_told() -> None:
    points = MODEL.mean[MODEL.landmarks].double().numpy()
    camera = release_camera(500)
    few = np.full((68, 2), np.nan)
    few[:5] = 3.0
    with pytest.raises(SeethroughError, match="6 landmarks or more, 5 are usable"):
        refit_pose(points, few, camera, FRONT)
    with pytest.raises(SeethroughError, match="one point"):
        refit_pose(points, np.full((68, 2), 3.0), camera, FRONT)
    with pytest.raises(SeethroughError, match="not finite"):
        foundation_from_vertices(MODEL, MODEL.mean * float("nan"), camera)
    with pytest.raises(SeethroughError, match="mm from the camera"):
        foundation_from_vertices(MODEL, MODEL.mean, camera)
    face, crop = parameters(), CropTransform(1.0, (0.0, 0.0), 224)
    landmarks = np.random.default_rng(0).uniform(0, 200, (68, 2))
    with pytest.raises(SeethroughError, match="unknown foundation 'paper': choose one of focus, release"):
        foundation_of(MODEL, face, focus_camera(224), crop, landmarks, preset="paper")
