"""A photo that lies encoded somewhere in a large file."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from datamodules.vgg_casia.record_io import read_at, read_header, read_payload
from seethrough.photos import decode_photo


@dataclass(frozen=True)
class RecordPhoto:
    """The image of a RecordIO record.

    The file is opened by whichever process reads, when it reads first.
    """

    path: Path
    offset: int
    """Where the record begins, bytes."""
    key: int
    """Its key in the index."""

    @property
    def name(self) -> str:
        """File and key."""
        return f"{self.path} record {self.key}"

    def encoded(self) -> bytes:
        """Return the image as it is stored, usually JPEG."""
        payload = read_payload(self.path, self.offset)
        return payload[read_header(payload, self.name).image :]

    def read(self) -> np.ndarray:
        """Return (H, W, 3) uint8 RGB."""
        return decode_photo(self.encoded(), self.name)


@dataclass(frozen=True)
class EmbeddedPhoto:
    """An image that fills a range of bytes of a file."""

    path: Path
    offset: int
    length: int
    number: int
    """Its place among the images of the file, from 0."""

    @property
    def name(self) -> str:
        """File and number."""
        return f"{self.path} image {self.number}"

    def encoded(self) -> bytes:
        """Return the image as it is stored, usually JPEG."""
        return read_at(self.path, self.offset, self.length)

    def read(self) -> np.ndarray:
        """Return (H, W, 3) uint8 RGB."""
        return decode_photo(self.encoded(), self.name)
