"""Which pixels of a detail crop show skin that shading can say something about."""

from __future__ import annotations

import math

import numpy as np
import torch
from PIL import Image, ImageDraw
from scipy import ndimage
from torch import Tensor
from torch.nn import functional

from seethrough.details.depth import depth_normals, unproject
from seethrough.rendering.camera import Camera

STEEPEST_DEGREES = 72.0
"""Surfaces turned farther away than this are seen at so flat an angle that a misplaced outline is all one sees."""

NARROWED = 0.006
"""Of the crop's side, by which the visible face is narrowed: outlines of masks are only about right."""

LEAST_PIECE = 0.03
"""Of the foundation's area: smaller islands between hair, glasses and fingers are left out."""

_EYES = (slice(36, 42), slice(42, 48))
_INNER_LIP = slice(60, 68)
_EYE_ROOM, _MOUTH_ROOM = 0.24, 0.06  # of their widths: lashes around the eyes, shadow between the lips


def shaded_skin(
    depth: Tensor, mask: Tensor, camera: Camera, landmarks: np.ndarray, visible: Tensor | None = None
) -> Tensor:
    """Return the (H, W) bool map of pixels whose brightness tells of the surface.

    Inside the foundation, visible, not seen at a flat angle, neither eye nor open mouth, and no small island.

    Args:
        depth: (H, W) mm, of the foundation.
        mask: (H, W), 1 on the foundation.
        camera: of the crop.
        landmarks: (68, 2) px of the crop, as detected.
        visible: (H, W) probability that the face is not hidden; None where nothing is known of it.
    """
    seen = mask > 0.5 if visible is None else (mask > 0.5) & (visible > 0.5)
    rays = functional.normalize(unproject(torch.ones_like(depth), camera), dim=-1)
    facing = -(depth_normals(depth, mask, camera) * rays).sum(-1)
    seen = _narrowed(seen, max(1, round(NARROWED * camera.width)))
    seen &= (facing > math.cos(math.radians(STEEPEST_DEGREES))) & ~_openings(landmarks, camera).to(mask.device)
    return without_islands(seen, LEAST_PIECE * float((mask > 0.5).sum()))


def _openings(landmarks: np.ndarray, camera: Camera) -> Tensor:
    picture = Image.new("L", (camera.width, camera.height))
    draw = ImageDraw.Draw(picture)
    for part, room in ((_EYES[0], _EYE_ROOM), (_EYES[1], _EYE_ROOM), (_INNER_LIP, _MOUTH_ROOM)):
        points = np.asarray(landmarks, dtype=np.float64)[part]
        outline = [(float(x) - 0.5, float(y) - 0.5) for x, y in (*points, points[0])]
        draw.polygon(outline, fill=1)
        # A shut eye or mouth is a line, whose lashes or shadow are some pixels high all the same.
        draw.line(outline, fill=1, width=max(1, round(room * float(np.ptp(points[:, 0])))), joint="curve")
    return torch.from_numpy(np.array(picture)).bool()


def _narrowed(mask: Tensor, pixels: int) -> Tensor:
    outside = functional.pad((~mask).float()[None, None], [pixels] * 4, value=1.0)
    side = 2 * pixels + 1
    return functional.max_pool2d(functional.max_pool2d(outside, (side, 1), stride=1), (1, side), stride=1)[0, 0] < 0.5


def without_islands(mask: Tensor, least: float) -> Tensor:
    """Return a (H, W) bool mask without its pieces of fewer than ``least`` pixels."""
    inside = mask.cpu().numpy()
    pieces = np.zeros(inside.shape, dtype=np.int32)
    count = ndimage.label(inside, output=pieces)
    sizes = np.bincount(pieces.reshape(-1), minlength=int(count) + 1)  # pyright: ignore[reportArgumentType]
    large = sizes >= least
    large[0] = False
    return torch.from_numpy(large[pieces]).to(mask.device)
