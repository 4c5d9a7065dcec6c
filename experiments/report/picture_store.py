"""Pictures inside the page: each once, as WebP."""

from __future__ import annotations

import base64
import io

import numpy as np
from PIL import Image

_QUALITY = 80
_EFFORT = 4


class PictureStore:
    """Encodes pictures for the page and gives them numbers; a picture that comes again keeps its number."""

    def __init__(self) -> None:
        self.encoded: list[str] = []
        self.sizes: list[tuple[int, int]] = []
        self._numbers: dict[tuple[tuple[int, ...], bytes], int] = {}

    @property
    def characters(self) -> int:
        """How much of the page they take."""
        return sum(map(len, self.encoded))

    def add(self, picture: np.ndarray, quality: int = _QUALITY) -> int:
        """Return the number of (H, W, 3) uint8."""
        key = (picture.shape, picture.tobytes())
        if key not in self._numbers:
            buffer = io.BytesIO()
            image = Image.fromarray(np.ascontiguousarray(picture))
            image.save(buffer, "WEBP", quality=quality, method=_EFFORT)
            self._numbers[key] = len(self.encoded)
            self.encoded.append(base64.b64encode(buffer.getvalue()).decode("ascii"))
            self.sizes.append(image.size)
        return self._numbers[key]
