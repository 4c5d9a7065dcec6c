"""Augmentation of aligned face crops: one warp for image, mask, landmarks and camera, then colours and holes."""

from datamodules.photos.augmentation.augmenting import augmented, get_ready
from datamodules.photos.augmentation.config import AugmentationConfig

__all__ = ["AugmentationConfig", "augmented", "get_ready"]
