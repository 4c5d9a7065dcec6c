"""LFW for Lightning."""

from __future__ import annotations

from datamodules.lfw.config import LfwConfig
from datamodules.lfw.listing import listing
from datamodules.photos.datamodule import PhotoDataModule
from datamodules.photos.record import Listing


class LfwDataModule(PhotoDataModule):
    """Prepared faces of LFW."""

    family = "lfw"
    config: LfwConfig

    def listing(self) -> Listing:
        """Return all faces of ``data.root``."""
        return listing(self.config)
