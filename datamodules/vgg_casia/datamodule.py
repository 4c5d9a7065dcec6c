"""VGG-Face, VGGFace2 and CASIA-WebFace for Lightning."""

from __future__ import annotations

from datamodules.photos.datamodule import PhotoDataModule
from datamodules.photos.record import Listing
from datamodules.vgg_casia.config import VggCasiaConfig
from datamodules.vgg_casia.listing import listing


class VggCasiaDataModule(PhotoDataModule):
    """Prepared faces of one of the data sets; its people are numbered, and validation people are never trained on."""

    family = "vgg_casia"
    config: VggCasiaConfig

    def listing(self) -> Listing:
        """Return all faces of ``data.root``; reads no pixels."""
        return listing(self.config)
