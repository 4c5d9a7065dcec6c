"""A picture of some of the targets, and the pictures of what was left out."""

from __future__ import annotations

import json
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from PIL import Image, ImageDraw, ImageFont

from datamodules.photos.atomic_files import jpeg_bytes, write_bytes
from datamodules.photos.manifest import MANIFEST, SKIPPED
from experiments.reconstruction.detail_panels import heat_limit, picture_of
from seethrough.details import read_bump
from seethrough.details.bump_pictures import heat_map, relief
from tools.bump_targets.target_store import REJECTED, rejected_path

SHEET = "bump_sheet.jpg"
FACES, COLUMNS, TILE, STRIP = 24, 2, 240, 24
PIXEL_MM = 0.5
"""What a pixel of a 500 px detail crop is about on a face, for the light on the relief alone."""


def write_targets_sheet(folder: Path, count: int) -> None:
    """Write ``bump_sheet.jpg``: up to 24 faces, evenly from the whole manifest; crop, relief of the bump, heat map.

    The heat maps share one scale, which the bumps that are shown decide; it stands above them.
    """
    if count == 0:
        (folder / SHEET).unlink(missing_ok=True)
        return
    shown = set(np.unique(np.linspace(0, count - 1, min(count, FACES)).round().astype(int)).tolist())
    with (folder / MANIFEST).open("rb") as manifest:
        faces = [_read(folder, json.loads(line)) for number, line in enumerate(manifest) if number in shown]
    limit = heat_limit(torch.cat([face.bump[face.inside > 0.5] for face in faces]))
    columns = min(COLUMNS, len(faces))
    sheet = Image.new("RGB", (columns * 3 * TILE, STRIP - (-len(faces) // columns) * TILE))
    draw, font = ImageDraw.Draw(sheet), ImageFont.load_default(13)
    for column in range(columns):
        for number, name in enumerate(
            ("photo", "relief of the bump map", f"bump, blue -{limit:g} to red +{limit:g} mm")
        ):
            draw.text(((3 * column + number) * TILE + 6, 4), name, fill=(255, 255, 255), font=font)
    for place, face in enumerate(faces):
        x, y = place % columns * 3 * TILE, STRIP + place // columns * TILE
        for number, tile in enumerate(_tiles(face, limit)):
            sheet.paste(tile, (x + number * TILE, y))
    write_bytes(folder / SHEET, jpeg_bytes(np.asarray(sheet), 92))


def remove_stale_rejections(folder: Path) -> int:
    """Remove pictures of photos that are no longer left out, and return how many pictures remain."""
    with (folder / SKIPPED).open("rb") as skipped:
        wanted = {rejected_path(folder, json.loads(line)["id"]) for line in skipped}
    remaining = 0
    for path in list((folder / REJECTED).glob("*/*.jpg")):
        if path in wanted:
            remaining += 1
        else:
            path.unlink(missing_ok=True)
    return remaining


class _Face(NamedTuple):
    crop: Image.Image
    bump: torch.Tensor
    inside: torch.Tensor


def _read(folder: Path, row: dict) -> _Face:
    with Image.open(folder / row["crop"]) as stored:
        crop = stored.convert("RGB").resize((TILE, TILE), Image.Resampling.LANCZOS)
    values, _ = read_bump(folder / row["bump"])
    with Image.open(folder / row["mask"]) as stored:
        inside = torch.from_numpy(np.asarray(stored.convert("L")) > 127)[None, None].float()
    return _Face(crop, torch.from_numpy(values)[None, None], inside)


def _tiles(face: _Face, limit: float) -> list[Image.Image]:
    pixel = torch.tensor([PIXEL_MM * 500 / face.bump.shape[-1]])
    drawn = (relief(face.bump, face.inside, pixel), heat_map(face.bump, face.inside, limit))
    return [face.crop, *(picture_of(each[0], TILE) for each in drawn)]
