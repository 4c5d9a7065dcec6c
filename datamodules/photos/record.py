"""What a data set on disk says of one face, before anything is detected, aligned or cropped."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal, Protocol

import numpy as np

from datamodules.photos.faults import Fault
from seethrough.photos import CropTransform, read_photo
from seethrough.photos.detection import Box

Split = Literal["train", "validation", "test"]
LONGEST_ID = 180
"""Bytes of an id; file systems allow 255, and files that are being written have longer names."""


class PhotoSource(Protocol):
    """Where the pixels of a photo come from; small and picklable, so that worker processes can read it."""

    @property
    def name(self) -> str:
        """What messages call it: a path, or a path and a place in it."""
        ...

    def read(self) -> np.ndarray:
        """Return the photo as (H, W, 3) uint8 RGB; raises ``SeethroughError`` that names the file."""
        ...


class MaskSource(Protocol):
    """Where the mask of the visible face comes from; small and picklable.

    Its file, ``path``, or its files, ``paths``, tell a preparation that it was mended since.
    """

    def read(self, height: int, width: int) -> np.ndarray:
        """Return (height, width) float32 in [0, 1], 1 = visible face, in the photo's own pixels.

        Raises:
            SeethroughError: a file is damaged or has another shape; the message names it.
        """
        ...


@dataclass(frozen=True)
class PhotoFile:
    """A photo in a file of its own.

    Attributes:
        path: of the file.
        upright: turn it as its EXIF data say.
    """

    path: Path
    upright: bool = field(default=True, repr=False)

    @property
    def name(self) -> str:
        """The path."""
        return str(self.path)

    def read(self) -> np.ndarray:
        """Return (H, W, 3) uint8 RGB."""
        return read_photo(self.path, upright=self.upright)


@dataclass(frozen=True)
class PhotoRecord:
    """One face of a data set.

    Attributes:
        id: unique within the data set and usable as a file name (no ``/``).
        source: the photo.
        split: which part of the data set it belongs to.
        identity: name of the person, as the data set writes it; None where it is not known.
        subset: name of the evaluation subset, such as ``occluded`` or ``glasses``; empty where there is none.
        mask: the visible face, where the data set knows it.
        box: left, top, right, bottom of the face in photo pixels, as far as the data set says; may leave the photo.
        landmarks: (68, 2) or (5, 2) photo pixels, half-integer pixel centres, if the data set brings them; a detector
            is then not asked.
        crop: where the data set cuts the photo, if not as its landmarks say; the sample shows this square, and a stored
            crop a wider one about the same centre.
    """

    id: str
    source: PhotoSource
    split: Split = "train"
    identity: str | None = None
    subset: str = ""
    mask: MaskSource | None = None
    box: Box | None = None
    landmarks: np.ndarray | None = field(default=None, compare=False)
    crop: CropTransform | None = None

    @property
    def placed(self) -> bool:
        """Whether the data set says something in pixels of the photo."""
        return any(each is not None for each in (self.mask, self.box, self.landmarks, self.crop))

    def read(self) -> np.ndarray:
        """Return the photo as (H, W, 3) uint8 RGB.

        Tables and masks of data sets were made on pixels as they are stored: where there are any, the turn in the EXIF
        data is not applied. A photo of which nothing is said in pixels is turned upright for the detector.

        Raises:
            SeethroughError: names the file.
        """
        source = self.source
        return (replace(source, upright=False) if self.placed and isinstance(source, PhotoFile) else source).read()


def unfit_id(name: str) -> str:
    """Return why an id cannot name the files of a face, empty where it can."""
    if len(name.encode("utf-8", "surrogateescape")) > LONGEST_ID:
        return f"its id {name[:40]}... is longer than {LONGEST_ID} bytes, so it can name no file; shorten it"
    if not name or name in (".", "..") or "/" in name or "\0" in name:
        return f"its id {name!r} can name no file; rename it"
    return ""


@dataclass(frozen=True)
class Listing:
    """All faces of a data set in a fixed order, and what is wrong with it.

    Listing reads tables and looks files up, never pixels: a truncated JPEG is found when it is prepared.
    """

    records: Sequence[PhotoRecord]
    faults: Sequence[Fault] = ()
    note: str = ""
    """One line on what a folder was taken for, where that is not told by the settings."""
