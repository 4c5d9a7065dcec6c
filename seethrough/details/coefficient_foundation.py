"""A foundation from other people's coefficients."""

from __future__ import annotations

import numpy as np
import torch

from seethrough.details.coefficient_file import FaceCoefficients
from seethrough.details.detail_crop import camera_in_crop
from seethrough.details.foundation import Foundation, foundation_from_vertices
from seethrough.errors import SeethroughError
from seethrough.morphable.face_model import FaceModel
from seethrough.photos.alignment import CropTransform
from seethrough.rendering.camera import Camera


def check_counts(model: FaceModel, coefficients: FaceCoefficients) -> None:
    """Raise ``SeethroughError``, which names the file, where a face model has fewer coefficients than a file."""
    for key, values, available in (
        ("shape", coefficients.shape, model.sizes.identity),
        ("expression", coefficients.expression, model.sizes.expression),
    ):
        if len(values) > available:
            raise SeethroughError(
                f"{coefficients.source}: {key} has {len(values)} coefficients, {model.name} has {available}"
            )


@torch.no_grad()
def foundation_from_coefficients(
    model: FaceModel, coefficients: FaceCoefficients, size: int = 500, crop: CropTransform | None = None
) -> Foundation:
    """Return the foundation that a coefficient file describes.

    Args:
        model: the face model of the coefficients, for instance BFM 2009 with 3DDFA's expressions and
            ``add_expression_mean`` (the release adds their mean).
        coefficients: from :func:`~seethrough.details.coefficient_file.read_coefficients`.
        size: pixels of the crop's side to see it in.
        crop: the crop to see it in, in place of ``size``: a file that says where its own picture lies in the photo is
            then seen there, each point of the photo by the same ray. None sees it in the file's own picture.

    Raises:
        SeethroughError: more coefficients than the model has, or a face behind the camera; the message names the file.
    """
    source = coefficients.source
    check_counts(model, coefficients)

    def tensor(values: np.ndarray) -> torch.Tensor:
        return torch.as_tensor(values, dtype=model.mean.dtype, device=model.mean.device)

    vertices = model.shape(tensor(coefficients.shape)[None], tensor(coefficients.expression)[None])[0]
    posed = (vertices + tensor(coefficients.origin)) @ tensor(coefficients.rotation).T + tensor(
        coefficients.translation
    )
    camera = Camera(coefficients.focal, coefficients.size, coefficients.size, near=50.0)
    if crop is None or coefficients.crop is None:
        camera = camera.resized(size if crop is None else crop.size)
    else:
        camera = camera_in_crop(camera, coefficients.crop, crop)
    try:
        return foundation_from_vertices(model, posed, camera)
    except SeethroughError as error:
        raise SeethroughError(f"{source}: {error}") from error
