"""The AR face database for Lightning."""

from __future__ import annotations

from datamodules.ar.config import ArConfig
from datamodules.ar.listing import listing
from datamodules.photos.datamodule import PhotoDataModule
from datamodules.photos.record import Listing


class ArDataModule(PhotoDataModule):
    """Prepared faces of the AR face database."""

    family = "ar"
    config: ArConfig

    def listing(self) -> Listing:
        """Return all faces of ``data.root``."""
        return listing(self.config)
