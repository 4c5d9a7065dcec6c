from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from seethrough.networks.alignment import arcface_chip, dlib_chip, five_points, sample_affine, similarity_transform


@given(
    st.floats(-3.1, 3.1),
    st.floats(0.2, 5),
    st.floats(-50, 50),
    st.floats(-50, 50),
    st.integers(2, 9),
    st.integers(0, 999),
)
@settings(max_examples=40, deadline=None)
def test_similarity_is_recovered(angle, scale, x, y, count, seed):
    points = torch.randn(2, count, 2, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))
    cosine, sine = scale * math.cos(angle), scale * math.sin(angle)
    expected = torch.tensor([[cosine, -sine, x], [sine, cosine, y]], dtype=torch.float64)
    moved = points @ expected[:, :2].T + expected[:, 2]
    assert torch.allclose(similarity_transform(points, moved), expected.expand(2, 2, 3), atol=1e-8)


def test_similarity_is_the_least_squares_one():
    """The residual is orthogonal to every small change of angle, scale and shift."""
    generator = torch.Generator().manual_seed(0)
    source, destination = (torch.randn(1, 7, 2, dtype=torch.float64, generator=generator) for _ in range(2))
    matrix = similarity_transform(source, destination)
    a, b = matrix[0, 0, 0].item(), matrix[0, 1, 0].item()
    shift = matrix[0, :, 2]
    values = torch.tensor([a, b, *shift.tolist()], dtype=torch.float64, requires_grad=True)

    def residual(v: torch.Tensor) -> torch.Tensor:
        linear = torch.stack([torch.stack([v[0], -v[1]]), torch.stack([v[1], v[0]])])
        return (source @ linear.T + v[2:] - destination).square().sum()

    (gradient,) = torch.autograd.grad(residual(values), values)
    assert gradient.abs().max() < 1e-10


def test_coinciding_points_are_no_accident():
    matrix = similarity_transform(torch.ones(1, 5, 2), torch.rand(1, 5, 2))
    assert matrix.isfinite().all()


def test_identity_copies_pixels():
    image = torch.rand(2, 3, 9, 9)
    identity = torch.tensor([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]]).expand(2, 2, 3)
    assert torch.allclose(sample_affine(image, identity, 9), image, atol=1e-6)


def test_pixel_centres_are_half_integers():
    """A shift by whole pixels and a halving of the scale meet the pixels that they should."""
    image = torch.rand(1, 1, 8, 10)
    shift = torch.tensor([[[1.0, 0.0, 3.0], [0.0, 1.0, 2.0]]])
    assert torch.allclose(sample_affine(image, shift, 4), image[:, :, 2:6, 3:7], atol=1e-6)
    double = torch.tensor([[[2.0, 0.0, 0.0], [0.0, 2.0, 0.0]]])
    means = torch.nn.functional.avg_pool2d(image[..., :8], 2)
    assert torch.allclose(sample_affine(image, double, 4), means, atol=1e-6)


def test_gradient_reaches_the_image():
    image = torch.rand(1, 1, 5, 5, dtype=torch.float64, requires_grad=True)
    matrix = torch.tensor([[[0.7, -0.2, 1.1], [0.2, 0.7, 0.4]]], dtype=torch.float64)
    assert torch.autograd.gradcheck(lambda value: sample_affine(value, matrix, 4), (image,))


def face(centre: tuple[float, float], size: float) -> torch.Tensor:
    """68 points of which the five that ArcFace uses lie as in its template, scaled about the nose."""
    points = torch.rand(1, 68, 2) * size
    template = torch.tensor(
        [[38.2946, 51.6963], [73.5318, 51.5014], [56.0252, 71.7366], [41.5493, 92.3655], [70.7299, 92.2041]]
    )
    placed = (template - template[2]) * size / 112 + torch.tensor(centre)
    points[0, [36, 39]] = placed[0] + torch.tensor([[-3.0, 1.0], [3.0, -1.0]])
    points[0, [42, 45]] = placed[1] + torch.tensor([[-2.0, 0.0], [2.0, 0.0]])
    points[0, [30, 48, 54]] = placed[2:]
    return points


def test_five_points():
    points = five_points(face((60.0, 70.0), 112))
    assert points[0, 2].tolist() == [60, 70]
    assert points[0, 1, 0] - points[0, 0, 0] == pytest.approx(73.5318 - 38.2946, abs=1e-3)


def test_arcface_chip_puts_the_nose_where_the_template_has_it():
    # An image of coordinates, in which the face is twice the chip's size
    centres = torch.arange(260) + 0.5
    y, x = torch.meshgrid(centres, centres, indexing="ij")
    image = torch.stack([x, y, torch.ones_like(x)])[None]
    chip = arcface_chip(image, face((130.0, 120.0), 224))
    assert chip.shape == (1, 3, 112, 112)
    # The published template counts pixel centres from 0, so pixel (56, 72) is .0252 left of and .2634 below the nose.
    assert chip[0, :, 72, 56].tolist() == pytest.approx([130 - 2 * 0.0252, 120 + 2 * 0.2634, 1], abs=1e-3)


def test_landmarks_place_the_chip_without_gradient():
    image, landmarks = torch.rand(1, 3, 120, 120, requires_grad=True), face((60.0, 70.0), 112).requires_grad_()
    for cut in (arcface_chip, dlib_chip):
        image.grad = landmarks.grad = None
        cut(image, landmarks).sum().backward()
        assert image.grad is not None and image.grad.abs().max() > 0
        assert landmarks.grad is None


def test_bad_shapes():
    with pytest.raises(ValueError, match="68"):
        dlib_chip(torch.rand(2, 3, 8, 8), torch.rand(2, 5, 2))


@pytest.mark.parametrize("chip", [dlib_chip, arcface_chip])
def test_chips_are_cut_in_float32_under_autocast(chip):
    generator = torch.Generator().manual_seed(3)
    image = torch.rand(2, 3, 96, 96, generator=generator)
    landmarks = 96 * torch.rand(2, 68, 2, generator=generator)
    with torch.autocast("cpu", torch.bfloat16):
        cut = chip(image, landmarks)
        from_half = chip(image.bfloat16(), landmarks)
    assert torch.equal(cut, chip(image, landmarks))
    assert from_half.dtype == torch.float32
    assert torch.equal(from_half, chip(image.bfloat16().float(), landmarks))
    assert chip(image.double(), landmarks.double()).dtype == torch.float64
