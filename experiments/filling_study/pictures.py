"""Faces of the study as relief: picture with its hole, truth, and fills."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import torch
from PIL import Image, ImageDraw, ImageFont

from experiments.filling_study.cases import Case
from seethrough.details.bump_pictures import relief

SHOWN = ("zero", "harmonic", "paper", "random, mixed", "default, mixed")
FIELD_MM = 278.0  # that the detail crop shows, about
_STRIP = 18


def strip(case: Case, filled: Mapping[str, np.ndarray]) -> np.ndarray:
    """Return (S, 7 S, 3) uint8: picture, truth and fills side by side."""
    image, mask = case.face.image.copy(), torch.from_numpy(case.face.mask)[None, None].float()
    image[case.gap] //= 4
    tiles = [image]
    for bump in (case.face.bump, *(filled[name] for name in SHOWN)):
        shown = torch.from_numpy(np.asarray(bump, dtype=np.float32))[None, None]
        lit = relief(shown, mask, torch.tensor([FIELD_MM / len(case.gap)]))[0]
        tiles.append((lit * 255).byte().permute(1, 2, 0).numpy())
    return np.concatenate(tiles, 1)


def write_strips(path: Path, strips: Sequence[np.ndarray]) -> None:
    """Write rows of :func:`strip` under headings."""
    picture = Image.fromarray(np.concatenate(strips))
    sheet = Image.new("RGB", (picture.width, picture.height + _STRIP))
    sheet.paste(picture, (0, _STRIP))
    draw, headings = ImageDraw.Draw(sheet), ("picture", "truth", *SHOWN)
    for place, heading in enumerate(headings):
        left = place * picture.width // len(headings) + 4
        draw.text((left, 3), heading, fill=(255, 255, 255), font=ImageFont.load_default(12))
    sheet.save(path)
