"""Bump targets as a data set."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from datamodules.photos.augmentation.augmenting import warp_of
from datamodules.photos.augmentation.resampling import warped
from datamodules.photos.dataset import PhotoDataset
from datamodules.photos.face_files import REMEDY
from datamodules.sample import Sample
from datamodules.sampler import SampleKey, as_key
from seethrough.details.bump_encoding import HIGHEST_MM, LOWEST_MM, read_bump
from seethrough.errors import SeethroughError

_SPAN = 1.01 * (HIGHEST_MM - LOWEST_MM)  # 16 bits reach a little beyond 8
_LEAST = 1e-3  # of a sample's pixel must be known, or there is nothing to average


class BumpTargetDataset(PhotoDataset):
    """Faces with the bump that a translator is to find, in mm towards the camera, 0 outside the mask.

    Crop, mask and bump move in one resampling; a pixel's bump is the mean of what is known under it.
    """

    def __getitem__(self, key: SampleKey | tuple[int, int] | int) -> Sample:
        """Return ``image``, ``mask``, ``bump``, ``landmarks`` and ``id`` of a face, see :class:`Sample`."""
        sample = super().__getitem__(key)
        epoch, place = as_key(key)
        row = self.row(place)
        if row.bump is None or row.mask is None or "mask" not in sample:
            raise SeethroughError(f"{self.folder}: the face {row.id} has no bump map; make the targets again")
        path = self.folder / row.bump
        bump, _ = read_bump(path)
        if bump.shape != (self.files.side, self.files.side):
            raise SeethroughError(f"{path}: {bump.shape[1]} x {bump.shape[0]} px, its crop {self.files.side}; {REMEDY}")
        warp = warp_of(self.augmentation, (self.seed, epoch, int(self.rows[place])))
        matrix = warp.from_stored(self.files.side, self.field, self.image_size)
        moved = resampled_bump(bump, self.files.mask(row.mask) > 127, matrix, self.image_size)
        sample["bump"] = torch.where(sample["mask"] > 0.5, moved, 0.0)
        return sample


def resampled_bump(bump: np.ndarray, mask: np.ndarray, to_sample: np.ndarray, size: int) -> Tensor:
    """Resample a bump map; what is outside its mask counts for nothing.

    Args:
        bump: (T, T) mm.
        mask: (T, T) bool, where the bump is known.
        to_sample: (3, 3) stored pixels to pixels of the sample.
        size: pixels of the sample's side.

    Returns:
        (1, size, size) float32 mm; 0 where nothing is known.
    """
    known = np.where(mask, 255.0, 0.0)
    levels = known * ((bump - LOWEST_MM) / _SPAN)  # the resampling is one of grey levels
    weight = warped(known[:, :, None], to_sample, size, cubic=False)
    mean = warped(levels[:, :, None], to_sample, size, cubic=False) / np.maximum(weight, _LEAST)
    return torch.from_numpy(np.where(weight > _LEAST, mean * _SPAN + LOWEST_MM, 0.0).astype(np.float32))
