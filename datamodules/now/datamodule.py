"""The NoW challenge for Lightning."""

from __future__ import annotations

from datamodules.now.config import NowConfig
from datamodules.now.listing import listing
from datamodules.photos.datamodule import PhotoDataModule
from datamodules.photos.record import Listing


class NowDataModule(PhotoDataModule):
    """Prepared faces of the NoW challenge."""

    family = "now"
    config: NowConfig

    def listing(self) -> Listing:
        """Return all faces of ``data.root``."""
        return listing(self.config)
