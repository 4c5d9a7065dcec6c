"""Fit the coefficients to one photo: landmarks, then colours, then pixels."""

from __future__ import annotations

import torch
from torch import Tensor

from seethrough.fitting.colour_fit import fit_colours
from seethrough.fitting.explained_skin import explained_mask
from seethrough.fitting.landmark_fit import fit_landmarks
from seethrough.fitting.photometric_fit import fit_pixels
from seethrough.morphable import FaceParameters
from seethrough.precision import in_full_precision
from seethrough.rendering import FaceRenderer


@in_full_precision
def fit_face(
    renderer: FaceRenderer,
    start: FaceParameters,
    image: Tensor,
    landmarks: Tensor,
    mask: Tensor | None = None,
    steps: int = 60,
    *,
    placed: bool = False,
) -> FaceParameters:
    """Refine one face so that it fits its photo.

    Args:
        renderer: face model, and a camera of the crop's size.
        start: one face (batch of 1), for instance a network's prediction; zeros will do.
        image: (1, 3, H, W) crop, RGB in [0, 1].
        landmarks: (1, 68, 2) detected landmarks, px of the crop.
        mask: (1, 1, H, W) probability that the face is visible; None takes what the model explains as skin, see
            :func:`~seethrough.fitting.explained_skin.explained_mask`.
        steps: steps of the joint refinement after the closed-form stages; 0 stops before it.
        placed: whether ``start`` comes from :func:`~seethrough.fitting.landmark_fit.fit_landmarks` with these landmarks
            already, which then is not done again.

    Returns:
        The refined parameters, without a graph.

    Raises:
        ValueError: more than one face, or an image that is not of the camera's size.
    """
    camera = renderer.camera
    if len(start) != 1 or tuple(image.shape) != (1, 3, camera.height, camera.width):
        raise ValueError(f"expected one face and a (1, 3, {camera.height}, {camera.width}) image, got {image.shape}")
    with torch.no_grad():
        fitted = start if placed else fit_landmarks(renderer, start, landmarks)
        if mask is None:
            mask = explained_mask(renderer, fitted, image)
        fitted = fit_colours(renderer, fitted, image, mask)
    return fit_pixels(renderer, fitted, image, landmarks, mask, steps=steps)
