"""Pictures that are small enough to live in the repository."""

from __future__ import annotations

import io
import os
from pathlib import Path

from PIL import Image

from seethrough.errors import SeethroughError

LIMIT_BYTES = 200_000
_COLOURS = (256, 128, 64)
_SHRINK = 0.8


def save_small(image: Image.Image, path: Path, limit: int = LIMIT_BYTES) -> Path:
    """Write a PNG of at most ``limit`` bytes: as it is, else with fewer colours, else smaller as well.

    Raises:
        SeethroughError: it cannot be written.
    """
    content = _encoded(image)
    picture = image
    while len(content) > limit:
        for colours in _COLOURS:
            content = _encoded(_with_fewer_colours(picture, colours))
            if len(content) <= limit:
                break
        else:
            picture = picture.resize(
                (round(picture.width * _SHRINK), round(picture.height * _SHRINK)), Image.Resampling.BOX
            )
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        partial = path.with_name(f"{path.name}.partial")
        partial.write_bytes(content)
        os.replace(partial, path)
    except OSError as error:
        raise SeethroughError(f"cannot write {path}: {error.strerror}") from None
    return path


def _with_fewer_colours(picture: Image.Image, colours: int) -> Image.Image:
    """Return it with a palette that covers rare colours too: that of the median cut has no place for the ends of a
    scale, where patches of quite another tone then stand.
    """
    return picture.quantize(colours, Image.Quantize.MAXCOVERAGE, kmeans=2, dither=Image.Dither.NONE)


def _encoded(image: Image.Image) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, "PNG", optimize=True)
    return buffer.getvalue()
