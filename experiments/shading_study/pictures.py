"""Faces of the study as relief: photo, foundation, truth, and what each set of parameters finds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import torch
from PIL import Image, ImageDraw, ImageFont
from torch import Tensor

from experiments.shading_study.faces import StudyFace
from seethrough.details.bump_pictures import relief
from seethrough.details.shading import ShadingSettings, refine_depth

_STRIP = 18


def write_picture(path: Path, faces: Sequence[StudyFace], sets: Mapping[str, ShadingSettings | None]) -> None:
    """Write one row a face, with headings; the file's ending says which format."""
    rows = [_row(face, sets) for face in faces]
    headings = ["photo", "truth", *sets]
    width = rows[0].shape[1] // len(headings)
    picture = Image.fromarray(np.concatenate(rows))
    sheet = Image.new("RGB", (picture.width, picture.height + _STRIP))
    sheet.paste(picture, (0, _STRIP))
    draw = ImageDraw.Draw(sheet)
    for place, heading in enumerate(headings):
        draw.text((place * width + 4, 3), heading, fill=(255, 255, 255), font=ImageFont.load_default(12))
    sheet.save(path)


def _row(face: StudyFace, sets: Mapping[str, ShadingSettings | None]) -> np.ndarray:
    bumps = [face.bump]
    for settings in sets.values():
        found = None if settings is None else refine_depth(face.image, face.depth, face.skin, face.camera, settings)
        bumps.append(torch.zeros_like(face.bump) if found is None else found.bump)
    rows, columns = face.skin.any(1).nonzero(), face.skin.any(0).nonzero()
    middle = (int(rows[0] + rows[-1]) // 2, int(columns[0] + columns[-1]) // 2)
    half = round(0.33 * face.camera.width)
    top, left = (int(np.clip(place - half, 0, face.camera.width - 2 * half)) for place in middle)
    tiles = [face.image, *(_relief(face, bump) for bump in bumps)]
    pixels = torch.cat([tile[:, top : top + 2 * half, left : left + 2 * half] for tile in tiles], 2)
    return (pixels.clamp(0, 1) * 255).round().byte().permute(1, 2, 0).numpy()


def _relief(face: StudyFace, bump: Tensor) -> Tensor:
    return relief(bump[None, None], face.skin[None, None].float(), torch.tensor([face.pixel]), face.depth[None, None])[
        0
    ]
