"""The layout of the FOCUS release for Lightning."""

from __future__ import annotations

from datamodules.focus_release.config import FocusReleaseConfig
from datamodules.focus_release.listing import listing
from datamodules.photos.datamodule import PhotoDataModule
from datamodules.photos.record import Listing


class FocusReleaseDataModule(PhotoDataModule):
    """Prepared faces of a folder laid out for the released FOCUS code."""

    family = "focus_release"
    config: FocusReleaseConfig

    def listing(self) -> Listing:
        """Return all faces of ``data.root``."""
        return listing(self.config)
