"""Depth maps of a foundation, and bump maps as the difference of two of them (Extreme 3D, Eq. 3 and 4)."""

from __future__ import annotations

import torch
from torch import Tensor

from seethrough.details.foundation import Foundation
from seethrough.errors import SeethroughError
from seethrough.rendering.camera import Camera
from seethrough.rendering.renderer import Renderer

ALONG = ("z", "ray")
"""``z``: bumps move a surface along the optical axis (released code). ``ray``: along the viewing ray (paper)."""


@torch.no_grad()
def foundation_depth(
    foundation: Foundation, size: int | None = None, *, backend: str = "auto"
) -> tuple[Tensor, Tensor]:
    """Draw the depth of a foundation, eyes and mouth closed.

    Args:
        foundation: the posed face.
        size: pixels of the square crop's side; None for those of its camera.
        backend: of the renderer: ``auto``, ``cpu`` or ``nvdiffrast``.

    Returns:
        (1, H, W) mm along the optical axis, 0 where there is no face, and (1, H, W) mask, 1 on the face.
    """
    if size is not None and size != foundation.camera.height:
        foundation = foundation.resized(size)
    depth, mask = Renderer(foundation.triangles, foundation.camera, backend).depth(foundation.vertices[None].float())
    return depth[0], mask[0]


def ray_lengths(camera: Camera, like: Tensor) -> Tensor:
    """Return (H, W) of the distance from the camera to where each pixel's ray has depth 1."""
    x, y = _directions(camera, like)
    return (1 + x.square() + y.square()).sqrt()


def unproject(depth: Tensor, camera: Camera) -> Tensor:
    """Turn (..., H, W) depth in mm into the (..., H, W, 3) points of the camera frame that the pixels' middles see."""
    x, y = _directions(camera, depth)
    return torch.stack([depth * x, depth * y, depth], dim=-1)


def bump_from_depths(
    depth: Tensor, refined: Tensor, mask: Tensor, *, along: str = "z", camera: Camera | None = None
) -> Tensor:
    """Return the bump that turns one depth map into another (Eq. 3): mm towards the camera, 0 outside the mask.

    The paper writes detailed minus foundation depth and leaves the sign of its depths open; in the released code and
    in the published maps, as here, a positive bump comes out of the face.

    Args:
        depth: (..., H, W) of the foundation, mm.
        refined: the same of the detailed face.
        mask: broadcastable, 1 on the face.
        along: ``z`` is the difference of depths, ``ray`` that of distances from the camera.
        camera: of the picture; needed for ``ray``.
    """
    bump = (depth - refined) * _per_depth(along, camera, depth)
    return torch.where(mask > 0.5, bump, torch.zeros_like(bump))


def apply_bump(depth: Tensor, bump: Tensor, *, along: str = "z", camera: Camera | None = None) -> Tensor:
    """Return the detailed depth (Eq. 4), the inverse of :func:`bump_from_depths`: z' = z - bump for ``z``.

    Args:
        depth: (..., H, W) of the foundation, mm.
        bump: (..., H, W) mm towards the camera.
        along: what the bump is measured along.
        camera: of the picture; needed for ``ray``.
    """
    return depth - bump / _per_depth(along, camera, depth)


def displaced_points(depth: Tensor, bump: Tensor, camera: Camera, *, along: str = "z") -> Tensor:
    """Return the (..., H, W, 3) points of the detailed surface, mm, camera frame.

    With ``ray`` each point stays on the ray of its pixel. With ``z`` it is the foundation's point moved along the
    optical axis, as in the released code: its x and y stay, so it is seen a little beside its pixel (by 0.2 px for
    2 mm, 100 px beside the axis at 1000 mm).
    """
    if along == "ray":
        return unproject(apply_bump(depth, bump, along=along, camera=camera), camera)
    _per_depth(along, camera, depth)
    points = unproject(depth, camera)
    return torch.cat([points[..., :2], apply_bump(depth, bump)[..., None]], dim=-1)


def depth_normals(depth: Tensor, mask: Tensor, camera: Camera) -> Tensor:
    """Return (H, W, 3) unit normals towards the camera of a depth map, by differences between neighbours.

    Args:
        depth: (H, W) mm.
        mask: (H, W), 1 where the depth counts; elsewhere the normal is (0, 0, -1). At its border a pixel's own depth
            stands for that of a neighbour outside.
        camera: of the picture.
    """
    inside = mask > 0.5
    across, down = _directions(camera, depth)
    points = depth * across, depth * down, depth  # planes: NumPy and torch are slow along three coordinates

    def steps(axis: int) -> list[Tensor]:
        ahead, behind = (torch.roll(inside, shift, axis) for shift in (-1, 1))
        return [
            torch.where(ahead, torch.roll(plane, -1, axis), plane)
            - torch.where(behind, torch.roll(plane, 1, axis), plane)
            for plane in points
        ]

    (ax, ay, az), (bx, by, bz) = steps(0), steps(1)
    x, y, z = ay * bz - az * by, az * bx - ax * bz, ax * by - ay * bx
    length = (x * x + y * y + z * z).sqrt()
    lone = ~inside | (length < 0.7e-12)  # or without a neighbour in one direction
    scale = length.clamp_min(1e-12)
    planes = [torch.where(lone, other, part / scale) for part, other in ((x, 0.0), (y, 0.0), (z, -1.0))]
    return torch.stack(planes, dim=-1)


def _per_depth(along: str, camera: Camera | None, like: Tensor) -> Tensor | float:
    """Return how many mm of bump one mm of depth is."""
    if along not in ALONG:
        raise SeethroughError(f"bumps are measured along {' or '.join(ALONG)}, not {along!r}")
    if along == "z":
        return 1.0
    if camera is None:
        raise ValueError("bumps along the ray need the camera of the picture")
    return ray_lengths(camera, like)


def _directions(camera: Camera, like: Tensor) -> tuple[Tensor, Tensor]:
    """Return x / z of the columns (W,) and y / z of the rows (H, 1)."""
    if like.shape[-2:] != (camera.height, camera.width):
        raise ValueError(f"a map of {tuple(like.shape[-2:])} px and a camera of {(camera.height, camera.width)} px")
    columns = torch.arange(camera.width, device=like.device, dtype=like.dtype) + 0.5
    rows = torch.arange(camera.height, device=like.device, dtype=like.dtype) + 0.5
    x, y = camera.principal_point
    return (columns - x) / camera.focal, ((rows - y) / camera.focal)[:, None]
