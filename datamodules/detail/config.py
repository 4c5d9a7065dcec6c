"""Settings of the synthetic faces whose fine relief is known."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from datamodules.synthetic.config import SceneConfig
from seethrough.errors import SeethroughError


@dataclass
class DetailSceneConfig(SceneConfig):
    """What the pictures are made of; all of it is part of the key of a pool.

    The crop is that of the detail stage whatever the pose, so ``pose`` decides about rotations alone.
    """

    level: int | None = 1
    """Subdivision level of the open model; the relief does not need a finer one, it is drawn for each pixel."""
    image_size: int = 256
    """Height and width of a picture, px; the field of view is the same for every size."""
    occluded_fraction: float = 0.0
    """Share of pictures with an occluder; hidden skin is not in the mask, but its bump is known. Hands beside a face
    are distractors, which hide nothing of it, and are there at 0 as well."""
    relief: float = 1.0
    """Strength of wrinkles, folds, forms and micro-relief; 0 leaves what the foundation's few modes lack."""
    occlusion: float = 1.0
    """How much light creases lose to their own walls, times a random factor about 1; 0 is none."""
    gloss: float = 1.0
    """Strength of the skin's highlights; 0 is none."""
    softness: float = 0.35
    """Blur of the pictures, as a share of that of the synthetic faces for landmarks and masks."""
    foundation_modes: int = 30
    """Identity modes of the foundation, the closest face that so many modes give; 0 takes all of the model's."""
    crop_jitter: float = 0.03
    """How far the crop's place and scale stray, in half sides of the landmarks' box (standard deviation)."""
    bump_limit_mm: float = 8.0
    """Pixels with a larger bump belong to surfaces one behind the other; they are not in the mask."""

    def check(self) -> None:
        """Raise :class:`SeethroughError` for values that make no scene."""
        super().check()
        for name in ("relief", "occlusion", "gloss", "softness", "crop_jitter", "foundation_modes"):
            if getattr(self, name) < 0:
                raise SeethroughError(f"data.scene.{name}={getattr(self, name)} must not be negative")
        if self.bump_limit_mm <= 0:
            raise SeethroughError(f"data.scene.bump_limit_mm={self.bump_limit_mm} must be above 0")


@dataclass
class DetailConfig:
    """Settings of :class:`~datamodules.detail.datamodule.DetailDataModule`."""

    scene: DetailSceneConfig = field(default_factory=DetailSceneConfig)
    """What the pictures show."""
    source: Literal["pool", "live"] = "pool"
    """"pool" renders every training picture once and keeps it on disk; "live" renders new ones in every epoch."""
    folder: str = "data/pools"
    """Where pools are kept; they are found again by their settings."""
    size: int = 8000
    """Number of training pictures (of an epoch, when they are rendered live)."""
    validation_size: int = 240
    """Number of validation pictures."""
    test_size: int = 480
    """Number of test pictures, of people that no seed of training or validation shows."""
    seed: int = 1
    """Of training and validation, which never share a person; the test set has its own fixed seed."""
    batch_size: int = 8
    """Samples per step and process."""
    workers: int = 0
    """Loader processes; a pool needs none."""
    render_processes: int = 0
    """Processes that fill a pool; 0 is one for each core."""

    def check(self) -> None:
        """Raise :class:`SeethroughError` for values that make no data set."""
        self.scene.check()
        for name in ("size", "validation_size", "test_size", "batch_size"):
            if getattr(self, name) < 1:
                raise SeethroughError(f"data.{name}={getattr(self, name)} must be at least 1")
        for name in ("seed", "workers", "render_processes"):
            if getattr(self, name) < 0:
                raise SeethroughError(f"data.{name}={getattr(self, name)} must not be negative")
        if self.size < self.batch_size:
            raise SeethroughError(
                f"data.size={self.size} gives no batch of data.batch_size={self.batch_size}: lower the latter"
            )
