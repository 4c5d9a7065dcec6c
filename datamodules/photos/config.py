"""Settings that all data sets of photos share; a family adds where its files lie."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Literal

from datamodules.photos.augmentation.config import AugmentationConfig
from datamodules.photos.crop_size import DEFAULT_FIELD, DEFAULT_SIDE
from seethrough.errors import SeethroughError


@dataclass
class PhotoConfig:
    """Settings of :class:`~datamodules.photos.datamodule.PhotoDataModule`."""

    root: str = ""
    """The data set as users have it: a folder, a photo, or a .txt list of photos; read only to prepare it."""
    prepared: str = "data/prepared/photos"
    """Folder of aligned crops that `python -m tools.prepare_photos` writes; what trainings and evaluations read."""
    shards: str = ""
    """Folder of WebDataset shards (`python -m tools.prepare_photos SOURCE --shards N`) to read instead."""
    image_size: int = 224
    """Height and width of a sample, px."""
    batch_size: int = 32
    """Samples per step and process."""
    workers: int = 4
    """Processes that read crops; 0 to read them in the training's own."""
    seed: int = 1
    """Of the order of the samples and of their augmentation."""
    skip_bad: bool = False
    """Go on without faces whose files are missing or damaged; each is said, and counted."""
    validation_share: float = 0.05
    """Share of the training people (photos, where people are unknown) to validate on, if a data set says none."""
    test_split: Literal["test", "validation", "train", "all"] = "test"
    """Which faces are the test set; `all` for photos that belong to no split."""
    subset: str = ""
    """Evaluate on the faces of this subset alone, such as `occluded`; empty for all."""
    side: int | None = None
    """Height and width of the stored crops, px; null for 256 in a preparation, and for whatever a folder holds."""
    field: float | None = None
    """How many times as wide as FOCUS' crop the stored crops are; null for 256 / 224, and for whatever a folder has."""
    detector: Literal["dlib", "insightface"] = "dlib"
    """What finds faces and their 68 landmarks in a preparation."""
    augmentation: AugmentationConfig = dataclasses.field(default_factory=AugmentationConfig)
    """What is done to training samples."""

    def __post_init__(self) -> None:
        for name, least in (("image_size", 16), ("batch_size", 1), ("workers", 0), ("seed", 0)):
            if getattr(self, name) < least:
                raise SeethroughError(f"data.{name}={getattr(self, name)} must be at least {least}")
        if not 0 <= self.validation_share < 1:
            raise SeethroughError(f"data.validation_share={self.validation_share} must lie in [0, 1)")

    def is_served_by(self, key: str, prepared: object) -> bool:
        """Return whether a folder that was prepared with another value of ``key`` has all faces that are read of it."""
        return False

    @property
    def stored_side(self) -> int:
        """Side of the crops that a preparation by these settings stores, px."""
        return DEFAULT_SIDE if self.side is None else self.side

    @property
    def stored_field(self) -> float:
        """How many times as wide as FOCUS' crop they are."""
        return DEFAULT_FIELD if self.field is None else self.field
