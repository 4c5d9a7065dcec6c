"""Settings of Labelled Faces in the Wild."""

from __future__ import annotations

from dataclasses import dataclass

from datamodules.photos.config import PhotoConfig


@dataclass
class LfwConfig(PhotoConfig):
    """Settings of :class:`~datamodules.lfw.datamodule.LfwDataModule`."""

    root: str = ""
    """Folder with pairs.txt and the photos, in lfw, lfw_funneled, lfw-deepfunneled or right in it."""
    prepared: str = "data/prepared/lfw"
    """Folder of aligned crops that `python -m tools.prepare_photos` writes; what evaluations read."""
    folder: str = ""
    """Folder of the photos, within the root, where there are several; empty to find it."""
    pairs: str = "pairs.txt"
    """List of the pairs: a path, or a name in the root or in the folder of the photos."""
    all_photos: bool = False
    """List every photo, not only the 7,701 that the pairs are made of."""
