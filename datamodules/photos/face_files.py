"""Stored crops and masks as arrays, and what is said of those that cannot be read."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
from PIL import Image

from seethrough.errors import SeethroughError

REMEDY = "prepare the photos again, or go on without it by data.skip_bad=true"


class FaceFiles:
    """Crops and masks in the files of a prepared folder.

    Pillow decodes. torchvision gives the same pixels a little sooner, but every loader process would have to import it.

    Args:
        folder: the prepared folder.
        side: height and width that every crop and mask must have, px.
    """

    def __init__(self, folder: str | Path, side: int) -> None:
        self.folder, self.side = str(folder), side

    def crop(self, path: str) -> np.ndarray:
        """Return (side, side, 3) uint8 RGB; raises ``SeethroughError`` that names the file."""
        return self._decoded(path, "RGB")

    def mask(self, path: str) -> np.ndarray:
        """Return (side, side) uint8, 255 = visible face; raises ``SeethroughError`` that names the file."""
        return self._decoded(path, "L")

    def content(self, path: str) -> bytes:
        """Return the bytes of a file, by its path relative to the folder."""
        with open(f"{self.folder}/{path}", "rb") as file:
            return file.read()

    def _decoded(self, path: str, mode: str) -> np.ndarray:
        name = f"{self.folder}/{path}"
        try:
            content = self.content(path)
        except OSError as error:
            raise SeethroughError(f"{name}: cannot be read ({error.strerror}); {REMEDY}") from None
        try:
            with Image.open(io.BytesIO(content), formats=("JPEG", "PNG")) as image:
                if image.size != (self.side, self.side):
                    width, height = image.size
                    raise SeethroughError(
                        f"{name}: {width} x {height} px, preparation.json says side={self.side}; {REMEDY}"
                    )
                return np.asarray(image if image.mode == mode else image.convert(mode))
        except SeethroughError:
            raise
        except Exception as error:  # decoders raise nearly every type for a damaged file
            reason = "not an image" if isinstance(error, Image.UnidentifiedImageError) else str(error).splitlines()[0]
            raise SeethroughError(f"{name}: cannot be decoded ({reason}); {REMEDY}") from None
