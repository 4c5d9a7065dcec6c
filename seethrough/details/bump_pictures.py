"""Pictures of bump maps: heat maps, and surfaces under a light from one side."""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn import functional

from seethrough.metrics.bump_errors import surface_normals
from seethrough.precision import in_full_precision

HEAT_LIMIT = 3.0
"""Millimetres at the ends of a heat map's scale."""

_LIGHT = (-0.55, -0.65, -0.55)
_AMBIENT = 0.12


@in_full_precision
def heat_map(bump: Tensor, mask: Tensor, limit: float = HEAT_LIMIT) -> Tensor:
    """Draw bump maps as in Fig. 3 of the Extreme 3D paper: blue is pressed in, red stands out, green is the foundation.

    Args:
        bump: (B, 1, H, W) mm towards the camera.
        mask: (B, 1, H, W); pixels outside are black.
        limit: mm at the ends of the scale, the same in all pictures.

    Returns:
        (B, 3, H, W) RGB in [0, 1].
    """
    from matplotlib import colormaps

    shades = torch.tensor(colormaps["turbo"](range(256))[:, :3], dtype=bump.dtype, device=bump.device)
    place = ((bump / limit).nan_to_num().clamp(-1, 1) + 1) * 127.5
    return shades[place[:, 0].round().long()].permute(0, 3, 1, 2) * (mask > 0.5)


@in_full_precision
def relief(bump: Tensor, mask: Tensor, pixel_mm: Tensor, depth: Tensor | None = None) -> Tensor:
    """Draw the detailed surface in one grey under a light from the upper left; a bump of 0 shows the foundation.

    Args:
        bump: (B, 1, H, W) mm towards the camera.
        mask: (B, 1, H, W); pixels outside are black.
        pixel_mm: (B,) mm that a pixel spans on the face.
        depth: (B, 1, H, W) of the foundation in mm; a plane that faces the camera if None.

    Returns:
        (B, 3, H, W) grey as RGB in [0, 1].
    """
    inside = mask > 0.5
    normals = surface_normals(bump, inside, pixel_mm, depth)
    normals = normals / normals.square().sum(1, keepdim=True).sqrt().clamp_min(1e-12)
    light = normals.new_tensor(_LIGHT) / math.sqrt(sum(part * part for part in _LIGHT))
    # They point away from the camera, as the cross product of the steps to the right and down does.
    lit = -(normals * light[:, None, None]).sum(1, keepdim=True)
    whole = inside[..., :-1, :-1] & inside[..., 1:, :-1] & inside[..., :-1, 1:]
    picture = (_AMBIENT + (1 - _AMBIENT) * lit.clamp_min(0)) * whole
    return functional.pad(picture, (0, 1, 0, 1)).expand(-1, 3, -1, -1)
