"""Bump targets made of photos, for Lightning."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from datamodules.bump.config import BumpTargetsConfig
from datamodules.bump.dataset import BumpTargetDataset
from datamodules.photos.datamodule import PhotoDataModule
from datamodules.photos.dataset import PhotoDataset
from datamodules.photos.manifest import PREPARATION
from datamodules.photos.prepared_folder import is_prepared, read_prepared_folder
from seethrough.errors import SeethroughError


class BumpTargetsDataModule(PhotoDataModule):
    """Photos with bump maps by shape from shading.

    Batches have ``image``, ``mask`` (where the bump is known), ``bump``, ``landmarks`` and ``id``, and ``identity``
    where the photos name people. Splits are those of the photos; where they name no validation faces, people (photos,
    where people are unknown) are held out by hash.
    """

    family: ClassVar[str] = "bump"
    samples: ClassVar[type[PhotoDataset]] = BumpTargetDataset
    config: BumpTargetsConfig

    @property
    def bump_along(self) -> str:
        """What the bumps are measured along, ``z`` or ``ray``, as ``tools.bump_targets`` noted it."""
        return str(read_prepared_folder(self.config.prepared).settings.get("along", "z"))

    def people(self, split: str) -> np.ndarray:
        """Return the (K,) numbers of the people of a split.

        Raises:
            SeethroughError: the photos do not name them, or not all of them.
        """
        numbers = self.opened()[1].rows["identity"][self.rows(split)]
        unknown = int((numbers < 0).sum())
        if unknown or not len(numbers):
            raise SeethroughError(
                f"{self.config.prepared}: {unknown} of its {len(numbers)} {split} faces do not say whom they show; "
                "make the targets of photos with names, such as data/vgg_casia"
            )
        return np.unique(numbers)

    def _prepare(self) -> None:
        folder = self.config.prepared
        if not is_prepared(folder):
            raise SeethroughError(
                f"{folder}: no bump targets; run `python -m tools.bump_targets PHOTOS --out {folder}`, or set "
                "data.prepared to where they are"
            )
        data_set = read_prepared_folder(folder).data_set
        if data_set != self.family:
            raise SeethroughError(
                f"{folder}/{PREPARATION}: photos of {data_set} without bump maps; run "
                f"`python -m tools.bump_targets {folder} --out DIR`, and set data.prepared=DIR"
            )
