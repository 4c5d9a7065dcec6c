"""Settings of the AR face database."""

from __future__ import annotations

from dataclasses import dataclass

from datamodules.ar.raw_photo import RawOrder
from datamodules.photos.config import PhotoConfig


@dataclass
class ArConfig(PhotoConfig):
    """Settings of :class:`~datamodules.ar.datamodule.ArDataModule`."""

    root: str = ""
    """Folder with AR's photos, at any depth: m-001-01.raw, M-001-01.bmp, W-001-1.ppm and so on."""
    prepared: str = "data/prepared/ar"
    """Folder of aligned crops that `python -m tools.prepare_photos` writes; what evaluations read."""
    format: str = ""
    """Read files with this suffix alone, such as `bmp`, where a copy has every photo in two formats; empty for all."""
    raw_order: RawOrder = "auto"
    """How colours lie in raw files: `interleaved`, `planar`, or `auto` for the order that makes the smoother photo."""
    masks: str = ""
    """Folder of masks of the visible face named as the photos are, not black = face; empty for `masks` in the root.
    Files such as `m-001-08_visible_skin_mask.png` beside the photos are found too."""
    masked_only: bool = False
    """List photos that have a mask alone."""
    other: bool = True
    """List photos with expressions and lights too, as the subset `other`; not only neutral, glasses and scarf."""
