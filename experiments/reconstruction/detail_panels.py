"""Pictures of a face's detail: what was seen, the foundation, the detailed surface, the bump map."""

from __future__ import annotations

import numpy as np
import torch
from PIL import Image, ImageDraw, ImageFont
from torch import Tensor

from seethrough.details.bump_pictures import HEAT_LIMIT, heat_map, relief
from seethrough.details.detail_foundation import DetailFoundation

HIDDEN = torch.tensor([0.75, 0.1, 0.15])[:, None, None]
HEAT_LIMITS = (0.5, 1.0, 2.0, HEAT_LIMIT, 5.0, 8.0)
TILE, LABEL_HEIGHT, GAP = 420, 26, 8
PAPER, INK = (255, 255, 255), (45, 48, 54)


def panels(
    face: DetailFoundation,
    bump: Tensor | None,
    known: Tensor,
    surface: Tensor | None = None,
    limit: float = HEAT_LIMIT,
) -> list[Tensor]:
    """Return (3, S, S) pictures: crop, foundation, and of a bump the detailed surface and the heat map.

    Args:
        face: the foundation over its photo; in its crop what is not ``known`` is red.
        bump: (S, S) mm, for the heat map; None leaves two pictures out.
        known: (S, S) bool, where a bump says something.
        surface: (S, S) mm, the bump that the surface has, where that is another one.
        limit: mm at the ends of the heat map's scale.
    """
    inside = (face.covered > 0.5) & ~known
    shown = torch.where(inside, 0.45 * face.image + 0.55 * HIDDEN, face.image * (0.4 + 0.6 * (face.covered > 0.5)))
    covered, depth = face.covered[None, None], face.depth[None, None]
    pixel = torch.tensor([face.pixel])
    bumps = [torch.zeros_like(depth)]
    if bump is not None:
        bumps.append((bump if surface is None else surface)[None, None])
    surfaces = [relief(each, covered, pixel, depth)[0] for each in bumps]
    heat = [] if bump is None else [heat_map(bump[None, None], known[None, None].float(), limit)[0]]
    return [shown, *surfaces, *heat]


def before_and_after(face: DetailFoundation, bump: Tensor, known: Tensor, surface: Tensor) -> Image.Image:
    """Return a sheet of the four :func:`panels` with their names."""
    limit = heat_limit(bump[known])
    names = (
        "what is seen of the face",
        "foundation",
        "with the bump map",
        f"bump, blue -{limit:g} to red +{limit:g} mm",
    )
    sheet = Image.new("RGB", (len(names) * (TILE + GAP) + GAP, TILE + LABEL_HEIGHT + 2 * GAP), PAPER)
    draw = ImageDraw.Draw(sheet)
    for place, (name, tile) in enumerate(zip(names, panels(face, bump, known, surface, limit), strict=True)):
        left = GAP + place * (TILE + GAP)
        draw.text((left + 2, GAP), name, fill=INK, font=ImageFont.load_default(15))
        sheet.paste(picture_of(tile, TILE), (left, GAP + LABEL_HEIGHT))
    return sheet


def heat_limit(bumps: Tensor) -> float:
    """Return the mm of :data:`HEAT_LIMITS` that 99 % of the bumps (N,) keep within; the last one at most."""
    if bumps.numel() == 0:
        return HEAT_LIMIT
    most = float(np.quantile(bumps.abs().double().numpy(), 0.99))
    return next((limit for limit in HEAT_LIMITS if most <= limit), HEAT_LIMITS[-1])


def picture_of(tile: Tensor, side: int) -> Image.Image:
    """Return a (3, S, S) picture in [0, 1] at another size."""
    values = (tile.clamp(0, 1) * 255).round().byte().permute(1, 2, 0).numpy()
    return Image.fromarray(values).resize((side, side), Image.Resampling.LANCZOS)
