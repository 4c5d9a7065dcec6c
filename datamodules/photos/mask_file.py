"""A mask of the visible face in a picture file of its own."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from PIL import Image

from seethrough.errors import SeethroughError

MASK_SUFFIX = "_visible_skin_mask.png"
"""What the release of FOCUS calls the mask of ``X.jpg``: ``X_visible_skin_mask.png``, white = visible face."""


@dataclass(frozen=True)
class MaskFile:
    """A picture that shows the visible face, as large as the photo.

    Attributes:
        path: PNG, BMP, or whatever else holds one.
        face: which pixels are face: all that are not 0, so that label numbers will do; or those that are nearer to
            white than to black, for masks that were resampled.
    """

    path: Path
    face: Literal["not black", "white"] = "not black"

    def read(self, height: int, width: int) -> np.ndarray:
        """Return (height, width) float32, 1 = visible face.

        Raises:
            SeethroughError: the file is missing, damaged, or of another size.
        """
        try:
            with Image.open(self.path) as image:
                if image.size != (width, height):
                    columns, rows = image.size
                    raise SeethroughError(
                        f"{self.path}: the mask has {columns} x {rows} pixels, its photo {width} x {height}; "
                        "make it as large as the photo"
                    )
                values = _brightness(image)
        except SeethroughError:
            raise
        except FileNotFoundError:
            raise SeethroughError(f"{self.path}: no such mask; check the path") from None
        except Exception as error:  # decoders raise nearly every type for a damaged file
            reason = str(error).splitlines()[0] if str(error) else type(error).__name__
            raise SeethroughError(
                f"{self.path}: the mask cannot be decoded ({reason[:120]}); write it again"
            ) from error
        return (values > 0 if self.face == "not black" else values >= 0.5).astype(np.float32)


def _brightness(image: Image.Image) -> np.ndarray:
    """Return (H, W) in [0, 1] of the brightest channel, whatever the file's type; transparency does not count."""
    if image.mode == "1":
        return np.asarray(image).astype(np.float32)
    if image.mode.startswith("I"):  # 16 bits
        return np.asarray(image, dtype=np.float32) / 65535
    if image.mode == "F":
        return np.asarray(image, dtype=np.float32)
    return np.asarray(image.convert("RGB")).max(axis=2).astype(np.float32) / 255
