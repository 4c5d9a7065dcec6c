"""A brute-force float64 rasterizer: every triangle at every pixel, in plain torch, differentiable by autograd.

It shares only the published conventions with the kernels (1/16 px grid, half-open fill rule, nearest wins, later wins
a tie), not their code; it does no clipping, so all vertices must lie in front of the camera.
"""

from __future__ import annotations

import torch
from torch import Tensor


def visible_ids(clip: Tensor, triangles: Tensor, height: int, width: int, cull: bool = False) -> Tensor:
    """Return (H, W) triangle indices, -1 where nothing is seen, of (V, 4) clip coordinates."""
    clip, triangles = clip.double(), triangles.long()
    size = torch.tensor([width, height], dtype=torch.float64)
    grid = torch.floor((clip[:, :2] / clip[:, 3:] + 1) * (8 * size) + 0.5).long()
    depth = clip[:, 2] / clip[:, 3]
    y, x = torch.meshgrid(torch.arange(height) * 16 + 8, torch.arange(width) * 16 + 8, indexing="ij")
    points, depths = grid[triangles], depth[triangles]
    side1, side2 = points[:, 1] - points[:, 0], points[:, 2] - points[:, 0]
    area = side1[:, 0] * side2[:, 1] - side1[:, 1] * side2[:, 0]
    turned = area < 0
    order = torch.where(turned[:, None], torch.tensor([0, 2, 1]), torch.tensor([0, 1, 2]))
    points = points.gather(1, order[:, :, None].expand(-1, -1, 2))
    depths = depths.gather(1, order)
    covered = torch.ones(len(triangles), height, width, dtype=torch.bool)
    z = torch.zeros(len(triangles), height, width, dtype=torch.float64)
    for k in range(3):
        start, end = points[:, (k + 1) % 3], points[:, (k + 2) % 3]
        dx, dy = (end - start).unbind(1)
        value = dx[:, None, None] * (y - start[:, 1, None, None]) - dy[:, None, None] * (x - start[:, 0, None, None])
        open_edge = (dy > 0) | ((dy == 0) & (dx <= 0))
        covered &= value >= open_edge.long()[:, None, None]
        z += value * (depths[:, k] / area.abs().clamp_min(1))[:, None, None]
    covered &= (area != 0)[:, None, None]
    if cull:
        covered &= turned[:, None, None]
    z = torch.where(covered, z.float(), torch.inf)
    nearest = z.min(0).values
    number = torch.arange(len(triangles))[:, None, None].expand_as(z)
    return torch.where((z == nearest) & covered, number, -1).max(0).values


def barycentrics(clip: Tensor, triangles: Tensor, ids: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Return unclamped u, v and z/w (H, W) by solving the 3x3 system [x; y; w] b ~ (fx, fy, 1) at each pixel."""
    height, width = ids.shape
    fy = (2 * torch.arange(height, dtype=clip.dtype) + 1) / height - 1
    fx = (2 * torch.arange(width, dtype=clip.dtype) + 1) / width - 1
    targets = torch.stack([*torch.meshgrid(fy, fx, indexing="ij"), torch.ones(height, width, dtype=clip.dtype)], -1)
    targets = targets[..., [1, 0, 2]]
    seen = ids >= 0
    corners = clip[triangles.long()[ids.clamp_min(0)]]  # (H, W, 3, 4)
    matrix = corners[..., [0, 1, 3]].transpose(-1, -2)
    matrix = torch.where(seen[..., None, None], matrix, torch.eye(3, dtype=clip.dtype))
    weights = torch.linalg.solve(matrix, targets)
    weights = weights / weights.sum(-1, keepdim=True)
    depth = (weights * corners[..., 2]).sum(-1) / (weights * corners[..., 3]).sum(-1)
    zero = torch.zeros_like(depth)
    return tuple(torch.where(seen, value, zero) for value in (weights[..., 0], weights[..., 1], depth))


def draw(clip: Tensor, triangles: Tensor, attributes: Tensor, ids: Tensor) -> Tensor:
    """Interpolate (V, C) attributes to (H, W, C) at fixed visibility, differentiable in clip and attributes."""
    u, v, _ = barycentrics(clip, triangles, ids)
    weights = torch.stack([u, v, 1 - u - v], -1)
    values = attributes[triangles.long()[ids.clamp_min(0)]]
    image = (weights[..., None] * values).sum(-2)
    return torch.where((ids >= 0)[..., None], image, torch.zeros_like(image))
