"""One picture of all stages from the photo to the completed face, as in Fig. 10 of the Extreme 3D paper."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import torch
from PIL import Image, ImageDraw, ImageFont

from experiments.reconstruction.detail_panels import GAP, HIDDEN, INK, LABEL_HEIGHT, PAPER, heat_limit
from experiments.reconstruction.drawing import picture_of
from experiments.reconstruction.face_views import FaceViews, PosedMesh
from experiments.reconstruction.filled_bump import FilledBump
from seethrough.details.bump_pictures import heat_map
from seethrough.details.face_detail import FaceDetail

TILE = 300
SIDE_VIEW = math.radians(55)


def stage_sheet(
    detail: FaceDetail,
    filled: FilledBump,
    meshes: Sequence[tuple[str, PosedMesh]],
    views: FaceViews,
    yaw: float,
) -> Image.Image:
    """Draw all stages.

    Args:
        detail: the bump map before filling.
        filled: and after.
        meshes: the surface of each stage with its name; the last one, and no other, has colours.
        views: the cameras.
        yaw: sign of the side view.

    Returns:
        Left the photo, what is seen of the face, and the filled bump map; then a column a stage: as the photo shows
        it, from the front, and from the side that the photo shows less of.
    """
    limit = heat_limit(torch.from_numpy(filled.bump[filled.trusted]))
    names = ["photo, what is seen, bump map", *(name for name, _ in meshes), "in its colours"]
    columns = [_of_the_photo(detail, filled, limit)]
    for _, mesh in meshes:
        seen = [views.aligned(mesh, TILE), *views.turned(mesh, TILE, 0.0, math.copysign(SIDE_VIEW, yaw))]
        columns += [[layer.over(np.ones_like(layer.colour)) for layer in layers] for layers in zip(*seen, strict=True)]
    sheet = Image.new("RGB", (len(columns) * (TILE + GAP) + GAP, 3 * (TILE + GAP) + LABEL_HEIGHT + GAP), PAPER)
    draw = ImageDraw.Draw(sheet)
    for place, (name, column) in enumerate(zip(names, columns, strict=True)):
        left = GAP + place * (TILE + GAP)
        draw.text((left + 2, GAP), name, fill=INK, font=ImageFont.load_default(15))
        for row, tile in enumerate(column):
            # The crop of the photo is larger.
            sheet.paste(
                picture_of(tile).resize((TILE, TILE), Image.Resampling.LANCZOS),
                (left, GAP + LABEL_HEIGHT + row * (TILE + GAP)),
            )
    draw.text(
        (GAP + 8, sheet.height - GAP - 24),
        f"blue -{limit:g} to red +{limit:g} mm",
        fill=(235, 235, 235),
        font=ImageFont.load_default(13),
    )
    return sheet


def _of_the_photo(detail: FaceDetail, filled: FilledBump, limit: float) -> list[np.ndarray]:
    face = detail.face
    covered = face.covered > 0.5
    hidden = covered & ~face.visible
    seen = torch.where(hidden, 0.45 * face.image + 0.55 * HIDDEN, face.image * (0.4 + 0.6 * covered))
    heat = heat_map(torch.from_numpy(filled.bump)[None, None], face.covered[None, None], limit)[0]
    return [tile.numpy() for tile in (face.image, seen, heat)]
