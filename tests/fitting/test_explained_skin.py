from __future__ import annotations

import numpy as np
import pytest
import torch

from seethrough.fitting import explained_mask
from seethrough.morphable import FaceParameters
from seethrough.rendering import FaceRenderer, focus_camera
from tests.small_face import small_face_model

SIZE = 112


@pytest.fixture(scope="module")
def renderer() -> FaceRenderer:
    return FaceRenderer(small_face_model(41), focus_camera(SIZE))


@pytest.fixture(scope="module")
def parameters(renderer: FaceRenderer) -> FaceParameters:
    zeros = FaceParameters.zeros(renderer.model.sizes)
    light = torch.zeros(1, 27)
    light[0, [0, 9, 18]] = -1.4  # dimmer, so that nothing saturates
    light[0, [3, 12, 21]] = 0.3  # from one side
    return zeros.with_changes(illumination=light, rotation=torch.tensor([[0.05, 0.2, 0.0]]))


def photo(renderer: FaceRenderer, parameters: FaceParameters, noise: float = 0.01) -> torch.Tensor:
    rendering = renderer(parameters)
    generator = torch.Generator().manual_seed(0)
    image = torch.where(rendering.mask > 0, rendering.image, torch.full_like(rendering.image, 0.3))
    return (image + noise * torch.randn(image.shape, generator=generator)).clamp(0, 1)


def f1(mask: np.ndarray, truth: np.ndarray) -> float:
    return 2 * (mask & truth).sum() / (mask.sum() + truth.sum())


@pytest.mark.parametrize("brightness", [0.25, 1.0])
def test_a_clear_face_is_explained_in_any_light(renderer, parameters, brightness):
    mask = explained_mask(renderer, parameters, photo(renderer, parameters) * brightness)
    face = renderer(parameters).mask
    assert mask.shape == face.shape
    assert f1(mask.numpy() > 0, face.numpy() > 0) > 0.97
    assert (mask * (1 - face)).sum() == 0


@pytest.mark.parametrize("colour", [(0.1, 0.15, 0.7), (0.05, 0.04, 0.03), (0.95, 0.97, 0.99)])
def test_cloth_of_another_colour_is_left_out(renderer, parameters, colour):
    image = photo(renderer, parameters)
    face = renderer(parameters).mask[0, 0].numpy() > 0
    rows = np.nonzero(face.any(1))[0]
    covered = np.zeros_like(face)
    covered[int(np.quantile(rows, 0.62)) :] = True
    image = torch.where(torch.from_numpy(covered), torch.tensor(colour).view(1, 3, 1, 1), image)
    mask = explained_mask(renderer, parameters, image)[0, 0].numpy() > 0
    truth = face & ~covered
    assert f1(mask, truth) > 0.93
    assert f1(face, truth) < 0.85  # what "everything is face" would score


def test_eyes_and_mouth_belong_to_the_face(renderer, parameters):
    image = photo(renderer, parameters)
    landmarks = renderer.geometry(parameters).landmarks[0].numpy()
    for part in (slice(36, 42), slice(42, 48), slice(60, 68)):
        left, top = np.floor(landmarks[part].min(0)).astype(int)
        right, bottom = np.ceil(landmarks[part].max(0)).astype(int)
        image[..., top:bottom, left:right] = 0.02
    mask = explained_mask(renderer, parameters, image)
    assert f1(mask.numpy() > 0, renderer(parameters).mask.numpy() > 0) > 0.96


def test_a_face_outside_the_crop_is_an_empty_mask(renderer, parameters):
    away = parameters.with_changes(translation=torch.tensor([[900.0, 0.0, 0.0]]))
    assert explained_mask(renderer, away, torch.full((1, 3, SIZE, SIZE), 0.5)).sum() == 0
