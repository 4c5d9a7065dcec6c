"""Augmentation of aligned face crops: one warp for image, mask, landmarks and camera, then colours and holes."""

from datamodules.photos.augmentation.augmenting import augmented
from datamodules.photos.augmentation.config import AugmentationConfig

__all__ = ["AugmentationConfig", "augmented"]
