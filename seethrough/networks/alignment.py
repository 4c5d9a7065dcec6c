"""Face chips for recognition networks, cut by landmarks and differentiable in the image."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from seethrough.device_constants import constant_like, device_constant
from seethrough.five_points import FIVE_POINTS
from seethrough.precision import in_full_precision

ARCFACE_SIZE = 112
# Left eye, right eye, nose tip, mouth corners in ArcFace's 112-px chip; published for integer pixel centres.
_ARCFACE_TEMPLATE = ((38.2946, 51.6963), (73.5318, 51.5014), (56.0252, 71.7366), (41.5493, 92.3655), (70.7299, 92.2041))

# Each of the five points as the middle of two landmarks, which may be the same one.
_FIVE_PAIRS = tuple(index for indices in FIVE_POINTS for index in (indices[0], indices[-1]))

# dlib's mean face in a unit square: nose, eyes and upper lip of the 68 points, which expressions move least.
_DLIB_POINTS = (*range(27, 55), *range(60, 65))
_DLIB_MEAN_X = (
    *(0.490127, 0.490127, 0.490127, 0.490127, 0.36688, 0.426036, 0.490127, 0.554217, 0.613373),
    *(0.121737, 0.187122, 0.265825, 0.334606, 0.260918, 0.182743),
    *(0.645647, 0.714428, 0.793132, 0.858516, 0.79751, 0.719335),
    *(0.254149, 0.340985, 0.428858, 0.490127, 0.551395, 0.639268, 0.726104),
    *(0.290379, 0.428096, 0.490127, 0.552157, 0.689874),
)
_DLIB_MEAN_Y = (
    *(0.203352, 0.307009, 0.409805, 0.515625, 0.587326, 0.609345, 0.628106, 0.609345, 0.587326),
    *(0.216423, 0.178758, 0.179852, 0.231733, 0.245099, 0.244077),
    *(0.231733, 0.179852, 0.178758, 0.216423, 0.244077, 0.245099),
    *(0.780233, 0.745405, 0.727388, 0.742578, 0.727388, 0.745405, 0.780233),
    *(0.784792, 0.778746, 0.785343, 0.778746, 0.784792),
)


@in_full_precision
def similarity_transform(source: Tensor, destination: Tensor) -> Tensor:
    """Return the (B, 2, 3) similarities (rotation, scale, shift) that best take source points to destination points.

    Least squares in closed form, with points as complex numbers; no reflection.

    Args:
        source: (B, N, 2) points.
        destination: (B, N, 2) or (N, 2) points. Where the source points coincide the scale is zero.
    """
    destination = destination.expand_as(source)
    source_mean, destination_mean = source.mean(1, keepdim=True), destination.mean(1, keepdim=True)
    x, y = (source - source_mean).unbind(-1)
    u, v = (destination - destination_mean).unbind(-1)
    spread = (x * x + y * y).sum(1).clamp_min(torch.finfo(source.dtype).tiny)
    real = (x * u + y * v).sum(1) / spread
    imaginary = (x * v - y * u).sum(1) / spread
    linear = torch.stack([torch.stack([real, -imaginary], -1), torch.stack([imaginary, real], -1)], -2)
    shift = destination_mean[:, 0] - (linear @ source_mean[:, 0, :, None])[..., 0]
    return torch.cat([linear, shift[..., None]], dim=-1)


@in_full_precision
def sample_affine(image: Tensor, matrix: Tensor, size: int) -> Tensor:
    """Return (B, C, size, size) bilinear samples of the image, black outside of it.

    Args:
        image: (B, C, H, W).
        matrix: (B, 2, 3), takes output pixel coordinates to image pixel coordinates, both with the centre of the first
            pixel at (0.5, 0.5).
        size: side of the output in pixels.
    """
    height, width = image.shape[-2:]
    centres = torch.arange(size, dtype=image.dtype, device=image.device) + 0.5
    y, x = torch.meshgrid(centres, centres, indexing="ij")
    points = torch.stack([x, y, torch.ones_like(x)], -1).reshape(-1, 3) @ matrix.to(image.dtype).transpose(1, 2)
    scale = constant_like((2 / width, 2 / height), image)
    grid = (points * scale - 1).view(-1, size, size, 2)
    return functional.grid_sample(image, grid, mode="bilinear", padding_mode="zeros", align_corners=False)


def five_points(landmarks: Tensor) -> Tensor:
    """Return (B, 5, 2) eye centres (of the two corners), nose tip and mouth corners of (B, 68, 2) landmarks."""
    pairs = device_constant(_FIVE_PAIRS, torch.int64, landmarks.device)
    return landmarks.index_select(1, pairs).unflatten(1, (-1, 2)).mean(2)


@in_full_precision
def arcface_chip(image: Tensor, landmarks: Tensor) -> Tensor:
    """Return (B, 3, 112, 112) chips in ArcFace's alignment.

    Args:
        image: (B, 3, H, W).
        landmarks: (B, 68, 2) pixels. They place the chip, without gradient.
    """
    _check(image, landmarks)
    template = constant_like(_ARCFACE_TEMPLATE, landmarks) + 0.5
    points = five_points(landmarks.detach())
    return sample_affine(image, _inverse(similarity_transform(points, template)), ARCFACE_SIZE)


@in_full_precision
def dlib_chip(image: Tensor, landmarks: Tensor, size: int = 150, padding: float = 0.25) -> Tensor:
    """Return (B, 3, size, size) chips as ``dlib.get_face_chip`` cuts them, without its image pyramid.

    dlib anti-aliases chips that it shrinks by two or more; here the crop is expected to be about as large as the chip.

    Args:
        image: (B, 3, H, W).
        landmarks: (B, 68, 2) pixels. They place the chip, without gradient.
        size: side of the chip in pixels.
        padding: margin around the mean face, as a fraction of its size.
    """
    _check(image, landmarks)
    mean_face = constant_like((_DLIB_MEAN_X, _DLIB_MEAN_Y), landmarks).t()
    template = (padding + mean_face) / (2 * padding + 1) * size
    # dlib's pixel centres are integers
    points = landmarks.detach().index_select(1, device_constant(_DLIB_POINTS, torch.int64, landmarks.device)) - 0.5
    matrix = similarity_transform(template.expand_as(points), points)
    centre = matrix[:, :, :2].sum(-1, keepdim=True) * (size / 2) + matrix[:, :, 2:]
    # dlib spans the chip from the first to the last pixel centre of a rectangle of scale * size pixels
    scale = torch.linalg.vector_norm(matrix[:, :, 0], dim=1)[:, None, None].clamp_min(1e-12)
    linear = matrix[:, :, :2] * ((size - 1 / scale) / (size - 1))
    shift = centre + 0.5 - linear.sum(-1, keepdim=True) * (size / 2)
    return sample_affine(image, torch.cat([linear, shift], dim=-1), size)


def _inverse(matrix: Tensor) -> Tensor:
    """Invert (B, 2, 3) similarities; one that shrinks everything to a point becomes zero."""
    real, imaginary = matrix[:, 0, 0], matrix[:, 1, 0]
    squared = (real.square() + imaginary.square()).clamp_min(torch.finfo(matrix.dtype).tiny)
    real, imaginary = real / squared, -imaginary / squared
    linear = torch.stack([torch.stack([real, -imaginary], -1), torch.stack([imaginary, real], -1)], -2)
    return torch.cat([linear, -linear @ matrix[:, :, 2:]], dim=-1)


def _check(image: Tensor, landmarks: Tensor) -> None:
    if image.ndim != 4 or landmarks.shape != (image.shape[0], 68, 2):
        raise ValueError(
            f"expected (B, C, H, W) images and (B, 68, 2) landmarks, got {tuple(image.shape)} and "
            f"{tuple(landmarks.shape)}"
        )
