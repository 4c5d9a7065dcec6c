"""A picture of one photo that was left out: what was seen, what came of it, and why it will not do."""

from __future__ import annotations

import numpy as np
import torch
from PIL import Image, ImageDraw, ImageFont
from torch import Tensor

from datamodules.photos.atomic_files import jpeg_bytes
from seethrough.details.bump_pictures import heat_map, relief
from tools.bump_targets.detail_target import DetailFoundation, DetailTarget

TILE, STRIP = 320, 22
HIDDEN = torch.tensor([0.75, 0.1, 0.15])[:, None, None]


def rejection_picture(face: DetailFoundation, target: DetailTarget | None, reason: str) -> bytes:
    """Return a JPEG: the crop with what is no skin in red, the foundation, the refined surface, the heat map.

    Args:
        face: the foundation.
        target: what shape from shading made of it; None where it was not asked.
        reason: written below.
    """
    tiles = panels(face, target)
    strip = Image.new("RGB", (TILE * len(tiles), TILE + STRIP))
    for place, tile in enumerate(tiles):
        strip.paste(picture_of(tile, TILE), (place * TILE, 0))
    text = reason.encode("ascii", "replace").decode()
    ImageDraw.Draw(strip).text((6, TILE + 4), text, fill=(255, 255, 255), font=ImageFont.load_default(13))
    return jpeg_bytes(np.asarray(strip), 90)


def panels(face: DetailFoundation, target: DetailTarget | None) -> list[Tensor]:
    """Return (3, S, S) pictures: crop, foundation, and of a target the refined surface and the heat map."""
    inside = (face.covered > 0.5) & ~face.skin
    shown = torch.where(inside, 0.45 * face.image + 0.55 * HIDDEN, face.image * (0.4 + 0.6 * (face.covered > 0.5)))
    covered, depth = face.covered[None, None], face.depth[None, None]
    pixel = (face.depth[face.covered > 0.5].mean() / face.foundation.camera.focal)[None]
    bumps = [torch.zeros_like(depth)] + ([] if target is None else [target.bump[None, None]])
    surfaces = [relief(bump, covered, pixel, depth)[0] for bump in bumps]
    heat = [] if target is None else [heat_map(target.bump[None, None], face.skin[None, None].float())[0]]
    return [shown, *surfaces, *heat]


def picture_of(tile: Tensor, side: int) -> Image.Image:
    """Return a (3, S, S) picture in [0, 1] at another size."""
    values = (tile.clamp(0, 1) * 255).round().byte().permute(1, 2, 0).numpy()
    return Image.fromarray(values).resize((side, side), Image.Resampling.LANCZOS)
