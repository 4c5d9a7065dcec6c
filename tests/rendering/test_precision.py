"""Mixed precision stops at the renderer: autocast and half-precision parameters give the float32 picture."""

from __future__ import annotations

import pytest
import torch

from seethrough.morphable import FaceModel, FaceParameters
from seethrough.precision import in_full_precision
from seethrough.rendering import FaceRenderer, focus_camera, pose
from tests.small_face import small_face_model


@pytest.fixture(scope="module")
def model() -> FaceModel:
    return small_face_model()


def random_faces(model: FaceModel) -> FaceParameters:
    generator = torch.Generator().manual_seed(5)
    scales = (1.0, 0.5, 1.0, 0.1, 0.2, 10.0)
    kinds = FaceParameters.zeros(model.sizes, 2)
    return FaceParameters(
        *(scale * torch.randn(kind.shape, generator=generator) for scale, kind in zip(scales, kinds, strict=True))
    )


def trainable(parameters: FaceParameters) -> FaceParameters:
    return FaceParameters(*(value.clone().requires_grad_() for value in parameters))


@pytest.mark.parametrize("visibility", ["none", "edge", "antialias"])
def test_picture_and_gradients_do_not_notice_autocast(model, visibility) -> None:
    renderer = FaceRenderer(model, focus_camera(48), visibility=visibility)
    plain, mixed = trainable(random_faces(model)), trainable(random_faces(model))
    expected = renderer(plain)
    (expected.image.square().mean() + expected.landmarks.square().mean()).backward()
    with torch.autocast("cpu", torch.bfloat16):
        rendering = renderer(mixed)
    (rendering.image.square().mean() + rendering.landmarks.square().mean()).backward()
    for name in ("image", "mask", "landmarks", "vertices", "posed", "colours"):
        assert torch.equal(getattr(rendering, name), getattr(expected, name)), name
    for mixed_value, plain_value in zip(mixed, plain, strict=True):
        assert plain_value.grad.abs().max() > 0
        torch.testing.assert_close(mixed_value.grad, plain_value.grad)


def test_landmarks_alone_do_not_notice_autocast(model) -> None:
    renderer = FaceRenderer(model, focus_camera(224))
    plain, mixed = trainable(random_faces(model)), trainable(random_faces(model))
    expected = renderer.geometry(plain)
    expected.landmarks.square().mean().backward()
    with torch.autocast("cpu", torch.bfloat16):
        geometry = renderer.geometry(mixed)
    geometry.landmarks.square().mean().backward()
    assert torch.equal(geometry.landmarks, expected.landmarks)
    assert torch.equal(mixed.identity.grad, plain.identity.grad)


def test_half_precision_parameters_are_raised_and_get_their_gradient(model) -> None:
    renderer = FaceRenderer(model, focus_camera(48))
    half = FaceParameters(*(value.bfloat16().requires_grad_() for value in random_faces(model)))
    rendering = renderer(half)
    expected = renderer(FaceParameters(*(value.detach().float() for value in half)))
    assert torch.equal(rendering.image, expected.image)
    rendering.image.square().mean().backward()
    assert half.identity.grad.dtype == torch.bfloat16
    assert half.identity.grad.abs().max() > 0


def test_a_pose_under_autocast_keeps_fractions_of_a_millimetre() -> None:
    points = torch.tensor([[[12.3, -4.5, 67.8]]])
    turn, shift = torch.tensor([[0.1, 0.2, 0.3]]), torch.tensor([[1.0, 2.0, 3.0]])
    with torch.autocast("cpu", torch.bfloat16):
        single, double = pose(points, turn, shift), pose(points.double(), turn.double(), shift.double())
    assert double.dtype == torch.float64
    torch.testing.assert_close(single.double(), double, atol=1e-3, rtol=0)


def test_autocast_is_back_after_the_call_and_after_an_error() -> None:
    @in_full_precision
    def product(a: torch.Tensor, b: torch.Tensor, fail: bool = False) -> torch.Tensor:
        if fail:
            raise ValueError("on purpose")
        return a @ b

    square = torch.ones(2, 2)
    with torch.autocast("cpu", torch.bfloat16):
        assert product(square, b=square).dtype == torch.float32
        with pytest.raises(ValueError, match="on purpose"):
            product(square, square, fail=True)
        assert (square @ square).dtype == torch.bfloat16
    assert product(square.half(), square.bfloat16()).dtype == torch.float32
    assert product(square.double(), square.double()).dtype == torch.float64
    assert product(square.to("meta"), square.to("meta")).shape == (2, 2)
