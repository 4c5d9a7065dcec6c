from __future__ import annotations

import pytest
import torch

from seethrough.fitting import fit_colours, fit_face, fit_landmarks, fit_pixels, landmark_confidence
from seethrough.morphable import FaceParameters
from seethrough.rendering import FaceRenderer, focus_camera, pose, vertex_normals
from tests.small_face import small_face_model

SIZE = 96


@pytest.fixture(scope="module")
def renderer() -> FaceRenderer:
    return FaceRenderer(small_face_model(41), focus_camera(SIZE), ambient=1.0)


def planted(renderer: FaceRenderer, seed: int = 0, yaw: float = 0.25) -> FaceParameters:
    generator = torch.Generator().manual_seed(seed)
    zeros = FaceParameters.zeros(renderer.model.sizes)
    return zeros.with_changes(
        identity=torch.randn(zeros.identity.shape, generator=generator),
        expression=0.5 * torch.randn(zeros.expression.shape, generator=generator),
        albedo=torch.randn(zeros.albedo.shape, generator=generator),
        illumination=0.15 * torch.randn(1, 27, generator=generator),
        rotation=torch.tensor([[0.1, yaw, -0.05]]),
        translation=torch.tensor([[3.0, -4.0, 20.0]]),
    )


def landmark_error(renderer: FaceRenderer, parameters: FaceParameters, landmarks: torch.Tensor) -> float:
    return (renderer.geometry(parameters).landmarks - landmarks).norm(dim=-1).mean().item()


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_landmarks_are_met_from_the_mean_face(renderer, seed):
    truth = planted(renderer, seed)
    landmarks = renderer.geometry(truth).landmarks
    start = FaceParameters.zeros(renderer.model.sizes)
    fitted = fit_landmarks(renderer, start, landmarks)
    assert landmark_error(renderer, start, landmarks) > 2
    assert landmark_error(renderer, fitted, landmarks) < 0.35  # px of 96; the prior holds back a little
    assert (fitted.rotation - truth.rotation).abs().max() < 0.06
    assert fitted.identity.abs().max() < 4  # the prior keeps the face a face


def test_a_poor_start_does_no_harm(renderer):
    landmarks = renderer.geometry(planted(renderer)).landmarks
    poor = FaceParameters.zeros(renderer.model.sizes).with_changes(
        rotation=torch.tensor([[1.2, -2.5, 1.0]]), translation=torch.tensor([[200.0, 100.0, -300.0]])
    )
    assert landmark_error(renderer, fit_landmarks(renderer, poor, landmarks), landmarks) < 0.35


def test_unknown_points_do_not_count(renderer):
    truth = planted(renderer)
    landmarks = renderer.geometry(truth).landmarks
    damaged = landmarks.clone()
    damaged[0, ::6] = torch.nan
    fitted = fit_landmarks(renderer, FaceParameters.zeros(renderer.model.sizes), damaged)
    assert landmark_error(renderer, fitted, landmarks) < 0.5


def test_jaw_on_the_side_that_turns_away_counts_less(renderer):
    model = renderer.model
    rotation = torch.tensor([[0.0, 0.6, 0.0], [0.0, -0.6, 0.0], [0.0, 0.0, 0.0]])
    weights = landmark_confidence(rotation)
    posed = pose(model.mean.expand(3, -1, -1), rotation, torch.zeros(3, 3))
    facing = -vertex_normals(posed, model.triangles)[:, model.landmarks[:17], 2]  # towards the camera is -z
    for face in range(2):
        left, right = facing[face, :8].mean(), facing[face, 9:].mean()
        assert (weights[face, :8].mean() > weights[face, 9:17].mean()) == (left > right)
    assert torch.equal(weights[2], torch.ones(68))
    assert torch.equal(weights[:, 17:], torch.ones(3, 51))


def test_colours_are_found_for_a_known_shape(renderer):
    truth = planted(renderer)
    rendering = renderer(truth)
    start = truth.with_changes(albedo=torch.zeros_like(truth.albedo), illumination=torch.zeros(1, 27))
    fitted = fit_colours(renderer, start, rendering.image.clamp(0, 1))

    def misfit(parameters: FaceParameters) -> float:
        return ((renderer(parameters).image - rendering.image).abs() * rendering.mask).sum().item() / (
            3 * rendering.mask.sum().item()
        )

    assert misfit(start) > 0.03
    assert misfit(fitted) < 0.25 * misfit(start)
    assert torch.equal(fitted.rotation, truth.rotation) and torch.equal(fitted.identity, truth.identity)


def test_a_masked_occluder_leaves_the_colours_alone(renderer):
    truth = planted(renderer)
    rendering = renderer(truth)
    clean = rendering.image.clamp(0, 1)
    start = truth.with_changes(albedo=torch.zeros_like(truth.albedo), illumination=torch.zeros(1, 27))
    covered = torch.zeros(1, 1, SIZE, SIZE)
    covered[..., SIZE // 2 :, :] = 1
    image = clean * (1 - covered) + covered * torch.tensor([0.1, 0.9, 0.1]).view(1, 3, 1, 1)

    def misfit(fitted: FaceParameters) -> float:
        return ((renderer(fitted).image - rendering.image).abs() * rendering.mask).mean().item()

    with_mask = misfit(fit_colours(renderer, start, image, 1 - covered))
    without = misfit(fit_colours(renderer, start, image))
    assert with_mask < 0.5 * without


def test_whole_fit_lowers_pixel_and_landmark_error(renderer):
    truth = planted(renderer)
    rendering = renderer(truth)
    image = torch.where(rendering.mask > 0, rendering.image.clamp(0, 1), torch.full_like(rendering.image, 0.4))
    start = FaceParameters.zeros(renderer.model.sizes)
    fitted = fit_face(renderer, start, image, rendering.landmarks, rendering.mask, steps=20)
    assert landmark_error(renderer, fitted, rendering.landmarks) < 0.5
    result = renderer(fitted)
    both = rendering.mask * result.mask
    rmse = (((result.image - image) ** 2 * both).sum() / (3 * both.sum())).sqrt()
    assert rmse < 0.05
    assert not fitted.identity.requires_grad


def test_a_face_placed_before_is_fitted_the_same(renderer):
    rendering = renderer(planted(renderer))
    given = (rendering.image.clamp(0, 1), rendering.landmarks, rendering.mask)
    start = FaceParameters.zeros(renderer.model.sizes)
    placed = fit_landmarks(renderer, start, rendering.landmarks)
    fitted = fit_face(renderer, placed, *given, steps=2, placed=True)
    assert torch.equal(fitted.to_vector(), fit_face(renderer, start, *given, steps=2).to_vector())
    assert not torch.equal(fitted.to_vector(), fit_face(renderer, start, *given, steps=2, placed=True).to_vector())


def test_autocast_around_a_fit_changes_nothing(renderer):
    truth = planted(renderer)
    rendering = renderer(truth)
    given = (rendering.image.clamp(0, 1), rendering.landmarks, rendering.mask)
    start = FaceParameters.zeros(renderer.model.sizes)
    expected = fit_face(renderer, start, *given, steps=2)
    with torch.autocast("cpu", torch.bfloat16):
        fitted = fit_face(renderer, start, *given, steps=2)
    assert torch.equal(fitted.to_vector(), expected.to_vector())


def test_nothing_to_fit_and_wrong_sizes(renderer):
    start = FaceParameters.zeros(renderer.model.sizes)
    image, landmarks = torch.zeros(1, 3, SIZE, SIZE), renderer.geometry(start).landmarks
    hidden = torch.zeros(1, 1, SIZE, SIZE)
    assert torch.equal(fit_colours(renderer, start, image, hidden).albedo, start.albedo)
    assert fit_pixels(renderer, start, image, landmarks, hidden, steps=0).identity.equal(start.identity)
    with pytest.raises(ValueError, match="expected one face"):
        fit_face(renderer, start, torch.zeros(1, 3, SIZE, SIZE + 1), landmarks)
