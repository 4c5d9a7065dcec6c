"""CelebAMask-HQ for Lightning."""

from __future__ import annotations

from datamodules.celeba_hq.config import CelebaHqConfig
from datamodules.celeba_hq.listing import listing
from datamodules.photos.datamodule import PhotoDataModule
from datamodules.photos.record import Listing


class CelebaHqDataModule(PhotoDataModule):
    """Prepared faces of CelebAMask-HQ."""

    family = "celeba_hq"
    config: CelebaHqConfig

    def listing(self) -> Listing:
        """Return all faces of ``data.root``."""
        return listing(self.config)
