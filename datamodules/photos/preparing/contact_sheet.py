"""A picture of some of the prepared faces with their landmarks, to see at a glance whether a preparation is right."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from datamodules.photos.atomic_files import jpeg_bytes, write_bytes
from datamodules.photos.manifest import MANIFEST

CONTACT_SHEET = "contact_sheet.jpg"
FACES, COLUMNS, TILE = 48, 8, 160
POINTS, EDGE = (90, 255, 120), (255, 60, 60)
LETTERS, STRIP = 11, 15
"""Height of the letters of an id and of the dark strip that they stand on, px."""
_LEGEND = "red: not in the mask"


def write_contact_sheet(folder: Path, count: int) -> None:
    """Write ``contact_sheet.jpg``: up to 48 faces, evenly from the whole manifest.

    Landmarks are dots; where a mask is known, what it hides is red; below each face stands the end of its id.

    Args:
        folder: a folder with a manifest.
        count: its rows; without any there is no sheet.
    """
    if count == 0:
        (folder / CONTACT_SHEET).unlink(missing_ok=True)
        return
    shown = np.unique(np.linspace(0, count - 1, min(count, FACES)).round().astype(int))
    columns = min(COLUMNS, len(shown))
    sheet = Image.new("RGB", (columns * TILE, STRIP - (-len(shown) // columns) * TILE))
    ImageDraw.Draw(sheet).text((3, 1), _LEGEND, fill=(255, 255, 255), font=ImageFont.load_default(LETTERS))
    wanted = set(shown.tolist())
    with (folder / MANIFEST).open("rb") as manifest:
        rows = (json.loads(line) for number, line in enumerate(manifest) if number in wanted)
        for place, row in enumerate(rows):
            sheet.paste(_tile(folder, row), (place % columns * TILE, STRIP + place // columns * TILE))
    write_bytes(folder / CONTACT_SHEET, jpeg_bytes(np.asarray(sheet), 90))


def _tile(folder: Path, row: dict) -> Image.Image:
    with Image.open(folder / row["crop"]) as stored:
        scale = TILE / stored.width
        picture = stored.convert("RGB").resize((TILE, TILE), Image.Resampling.BICUBIC)
    if row["mask"] is not None:
        with Image.open(folder / row["mask"]) as stored:
            visible = np.asarray(stored.convert("L").resize((TILE, TILE)))
        picture.paste(Image.new("RGB", picture.size, EDGE), mask=Image.fromarray((255 - visible) // 3))
    draw = ImageDraw.Draw(picture)
    for x, y in np.asarray(row["landmarks"]) * scale:
        draw.ellipse((x - 1.5, y - 1.5, x + 0.5, y + 0.5), fill=POINTS)
    draw.rectangle((0, TILE - STRIP, TILE, TILE), fill=(0, 0, 0))
    text, font = _caption(row["id"])
    draw.text((3, TILE - STRIP + 1), text, fill=(255, 255, 255), font=font)
    return picture


def _caption(name: str) -> tuple[str, ImageFont.ImageFont | ImageFont.FreeTypeFont]:
    """Return the end of an id that fits below a face, in letters that every Pillow has, and their font."""
    font = ImageFont.load_default(LETTERS)
    text = name.encode("ascii", "replace").decode()
    shown = next(k for k in range(len(text) + 1) if font.getlength(_cut(text, k)) <= TILE - 6)
    return _cut(text, shown), font


def _cut(text: str, count: int) -> str:
    """Return a text without its first letters, and points in their place."""
    return f"...{text[count:]}" if count else text
