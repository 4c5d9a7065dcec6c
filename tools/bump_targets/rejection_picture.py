"""A picture of one photo that was left out: what was seen, what came of it, and why it will not do."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from datamodules.photos.atomic_files import jpeg_bytes
from experiments.reconstruction.detail_panels import panels, picture_of
from seethrough.details.detail_foundation import DetailFoundation
from seethrough.details.face_detail import FaceDetail

TILE, STRIP = 320, 22


def rejection_picture(face: DetailFoundation, target: FaceDetail | None, reason: str) -> bytes:
    """Return a JPEG: the crop with what is no skin in red, the foundation, the refined surface, the heat map.

    Args:
        face: the foundation.
        target: what shape from shading made of it; None where it was not asked.
        reason: written below.
    """
    tiles = panels(face, None if target is None else target.bump, face.skin)
    strip = Image.new("RGB", (TILE * len(tiles), TILE + STRIP))
    for place, tile in enumerate(tiles):
        strip.paste(picture_of(tile, TILE), (place * TILE, 0))
    text = reason.encode("ascii", "replace").decode()
    ImageDraw.Draw(strip).text((6, TILE + 4), text, fill=(255, 255, 255), font=ImageFont.load_default(13))
    return jpeg_bytes(np.asarray(strip), 90)
