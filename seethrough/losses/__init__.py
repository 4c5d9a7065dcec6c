"""Losses as plain functions over tensors; FOCUS Eq. 1 to 10, Extreme 3D Eq. 5."""

from seethrough.losses.bump import BumpLoss, bump_loss
from seethrough.losses.neighbour_error import neighbour_error
from seethrough.losses.reconstruction import (
    INNER_LIP,
    NOSE_RIDGE,
    landmark_loss,
    landmark_weights,
    perceptual_loss,
    pixel_loss,
    regulariser_loss,
)
from seethrough.losses.robust import RELEASE_THRESHOLD, face_log_likelihood, preliminary_mask, robust_loss
from seethrough.losses.segmentation import (
    area_loss,
    area_weight,
    binary_loss,
    distance_loss,
    neighbour_loss,
    preserve_loss,
)

__all__ = [
    "INNER_LIP",
    "NOSE_RIDGE",
    "RELEASE_THRESHOLD",
    "BumpLoss",
    "area_loss",
    "area_weight",
    "binary_loss",
    "bump_loss",
    "distance_loss",
    "face_log_likelihood",
    "landmark_loss",
    "landmark_weights",
    "neighbour_error",
    "neighbour_loss",
    "perceptual_loss",
    "pixel_loss",
    "preliminary_mask",
    "preserve_loss",
    "regulariser_loss",
    "robust_loss",
]
