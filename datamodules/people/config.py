"""Settings of rendered people for recognition."""

from __future__ import annotations

from dataclasses import dataclass, field

from datamodules.detail.config import DetailConfig, DetailSceneConfig
from seethrough.errors import SeethroughError


def _scene() -> DetailSceneConfig:
    return DetailSceneConfig(images_per_identity=6, foundation_modes=0)


@dataclass
class PeopleConfig(DetailConfig):
    """Settings of :class:`~datamodules.people.datamodule.PeopleDataModule`: those of faces with known relief."""

    scene: DetailSceneConfig = field(default_factory=_scene)
    """What the pictures show."""
    size: int = 2400
    """Number of training pictures."""
    validation_size: int = 360
    """Number of validation pictures."""
    test_size: int = 900
    """Number of test pictures, of people that no seed of training or validation shows."""
    batch_size: int = 32
    """Samples per step and process."""
    bumps: str = ""
    """Folder of bump maps in the place of the true ones, such as a translator's: train.npy, validation.npy, test.npy of
    16-bit codes; empty for the true ones."""

    def check(self) -> None:
        """Raise :class:`SeethroughError` for values that make no set of people."""
        super().check()
        if self.source != "pool":
            raise SeethroughError(
                f"data.source={self.source}: people are met again in every epoch; use data.source=pool"
            )
        if self.scene.images_per_identity < 2:
            raise SeethroughError(
                f"data.scene.images_per_identity={self.scene.images_per_identity}: recognition takes 2 or more "
                "pictures of a person"
            )
        if self.size < 2 * self.scene.images_per_identity:
            raise SeethroughError(
                f"data.size={self.size} is less than two people in data.scene.images_per_identity="
                f"{self.scene.images_per_identity} pictures"
            )
