"""One person through frames whose pose is known: less jitter, and no larger error than frame by frame."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from seethrough.errors import SeethroughError
from seethrough.morphable import FaceParameters
from seethrough.photos import CropTransform
from seethrough.rendering import focus_camera, pose
from seethrough.tracks import FaceTrack, FrameFace, smooth_crops, track_face
from tests.small_face import small_face_model

CAMERA, COUNT = focus_camera(224), 40


def seen(model, parameters: FaceParameters) -> np.ndarray:
    """Return (T, 68, 2) px."""
    points = model.landmark_positions(model.shape(parameters.identity, parameters.expression))
    return CAMERA.project(pose(points, parameters.rotation, parameters.translation)).double().numpy()


@pytest.fixture(scope="module")
def clip():
    """The true faces, what each frame by itself would say, and the track."""
    model = small_face_model()
    sizes = FaceParameters.zeros(model.sizes).sizes
    time, noise = torch.linspace(0, 1, COUNT)[:, None], torch.Generator().manual_seed(0)
    true = FaceParameters.zeros(sizes, COUNT)
    true = true.with_changes(
        identity=torch.full((COUNT, sizes.identity), 0.7),
        rotation=torch.cat([0.1 * torch.sin(6 * time), 1.2 * time - 0.6, 0.05 * time], dim=1),
        translation=torch.cat([20 * time, 5 * torch.cos(5 * time), 30 * time], dim=1),
    )
    size = {"identity": 0.4, "expression": 0.2, "albedo": 0.3, "illumination": 0.05, "rotation": 0.03}
    own = true.with_changes(
        **{k: getattr(true, k) + s * torch.randn(getattr(true, k).shape, generator=noise) for k, s in size.items()},
        translation=true.translation + torch.randn(COUNT, 3, generator=noise) * torch.tensor([1.0, 1.0, 8.0]),
    )
    marks = seen(model, true) + np.random.default_rng(0).normal(0, 1, (COUNT, 68, 2))
    frames: list[FrameFace | None] = [FrameFace(own[k : k + 1], marks[k], 1.0) for k in range(COUNT)]
    frames[10] = frames[11] = None
    frames[20] = FrameFace(own[20:21], marks[20], 0.0)
    return model, true, own, track_face(frames, model, CAMERA, 2.5)


def test_one_person_in_all_frames(clip) -> None:
    _, true, own, track = clip
    for kind in ("identity", "albedo"):
        values = getattr(track.parameters, kind)
        assert bool((values == values[0]).all())
        error = (values - getattr(true, kind)).square().mean().sqrt()
        assert error < 0.35 * (getattr(own, kind) - getattr(true, kind)).square().mean().sqrt()
    assert (track.weights[[10, 11, 20]] == 0).all() and track.weights.sum() == COUNT - 3


def test_less_jitter_and_no_larger_error(clip) -> None:
    model, true, own, track = clip
    wanted = seen(model, true)
    before, after = (seen(model, each) - wanted for each in (own, track.parameters))
    known = np.setdiff1d(np.arange(COUNT), [10, 11, 20])
    assert np.linalg.norm(after[known], axis=-1).mean() < 0.7 * np.linalg.norm(before[known], axis=-1).mean()
    jitter = [np.linalg.norm(np.diff(error, 2, axis=0), axis=-1).mean() for error in (before, after)]
    assert jitter[1] < 0.3 * jitter[0]
    assert np.linalg.norm(after[[10, 11, 20]], axis=-1).max() < 4.0  # gaps are bridged
    turned = [(each.rotation - true.rotation).norm(dim=1)[known].mean() for each in (own, track.parameters)]
    assert turned[1] < 0.7 * turned[0]
    assert np.linalg.norm(track.landmarks - wanted, axis=-1).mean() < 0.7


def test_another_identity_is_seen_where_the_frames_own_was() -> None:
    model = small_face_model()
    one = FaceParameters.zeros(model.sizes).with_changes(rotation=torch.tensor([[0.0, 0.4, 0.0]]))
    small, large = (one.with_changes(identity=torch.full_like(one.identity, value)) for value in (-1.0, 1.0))
    track: FaceTrack = track_face([FrameFace(p, seen(model, p)[0], 1.0) for p in (small, large)], model, CAMERA, 0)
    for index, each in enumerate((small, large)):
        moved = np.linalg.norm(seen(model, track.parameters[index : index + 1]) - seen(model, each), axis=-1)
        plain = np.linalg.norm(seen(model, each.with_changes(identity=one.identity)) - seen(model, each), axis=-1)
        assert moved.mean() < plain.mean()


def test_crops_move_smoothly_and_nothing_is_no_track() -> None:
    rng = np.random.default_rng(0)
    crops: list[CropTransform | None] = [
        CropTransform(0.5 * float(np.exp(rng.normal(0, 0.01))), (100.0 + k + rng.normal(0, 1), 80.0), 224)
        for k in range(30)
    ]
    crops[12] = None
    found = smooth_crops(crops, 2.5)
    centres = np.array([crop.centre[0] for crop in found])
    assert len(found) == 30 and np.abs(centres - 100 - np.arange(30)).mean() < 0.7
    assert np.abs(np.diff(centres, 2)).mean() < 0.5
    with pytest.raises(SeethroughError, match="no frame shows a face"):
        smooth_crops([None, None], 2.5)
    with pytest.raises(SeethroughError, match="no frame shows a face"):
        track_face([None], small_face_model(), CAMERA)
