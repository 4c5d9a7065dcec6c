"""Settings of bump targets made of photos."""

from __future__ import annotations

from dataclasses import dataclass

from datamodules.photos.config import PhotoConfig
from seethrough.errors import SeethroughError


@dataclass
class BumpTargetsConfig(PhotoConfig):
    """Settings of :class:`~datamodules.bump.datamodule.BumpTargetsDataModule`."""

    prepared: str = "data/bump"
    """Folder that `python -m tools.bump_targets` writes."""
    image_size: int = 256
    """Height and width of a sample, px; the whole detail crop, whatever size it was stored in."""
    batch_size: int = 4
    """Samples per step and process."""

    def __post_init__(self) -> None:
        super().__post_init__()
        for name in ("root", "shards"):
            if getattr(self, name):
                raise SeethroughError(
                    f"data.{name}={getattr(self, name)}: bump maps are made of photos by `python -m tools.bump_targets "
                    "PHOTOS --out DIR`; then set data.prepared=DIR"
                )
