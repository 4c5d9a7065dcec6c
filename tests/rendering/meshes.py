"""Small meshes in clip space or in the camera frame for the renderer's tests."""

from __future__ import annotations

import math

import torch
from torch import Tensor


def pixels_to_clip(
    points: Tensor, height: int, width: int, depth: Tensor | float = 0.0, w: Tensor | float = 1.0
) -> Tensor:
    """Turn (V, 2) pixel coordinates into (1, V, 4) clip coordinates with the given z/w and w."""
    size = points.new_tensor([width, height])
    ndc = points / size * 2 - 1
    w = torch.as_tensor(w, dtype=points.dtype).expand(len(points))
    depth = torch.as_tensor(depth, dtype=points.dtype).expand(len(points))
    return torch.cat([ndc * w[:, None], (depth * w)[:, None], w[:, None]], 1)[None]


def grid_mesh(rows: int, columns: int) -> tuple[Tensor, Tensor]:
    """Return (V, 2) points of a unit grid and its (T, 3) triangles."""
    y, x = torch.meshgrid(torch.arange(rows + 1.0), torch.arange(columns + 1.0), indexing="ij")
    points = torch.stack([x / columns, y / rows], -1).reshape(-1, 2)
    i, j = torch.meshgrid(torch.arange(rows), torch.arange(columns), indexing="ij")
    a = (i * (columns + 1) + j).reshape(-1)
    b, c, d = a + 1, a + columns + 1, a + columns + 2
    return points, torch.cat([torch.stack([a, c, d], 1), torch.stack([a, d, b], 1)]).int()


def sphere(rings: int, radius: float, centre: tuple[float, float, float]) -> tuple[Tensor, Tensor]:
    """Return (V, 3) vertices and (T, 3) outward triangles of a sphere in the camera frame."""
    columns = 2 * rings
    points, triangles = grid_mesh(rings, columns)
    polar, turn = points[:, 1] * math.pi, points[:, 0] * 2 * math.pi
    vertices = torch.stack([polar.sin() * turn.cos(), polar.sin() * turn.sin(), polar.cos()], 1)
    # merge the seam and the poles, so that the surface is closed
    columns_of = torch.arange(columns + 1) % columns
    index = (torch.arange(rings + 1)[:, None] * (columns + 1) + columns_of).clone()
    index[0], index[-1] = index[0, 0], index[-1, 0]
    triangles = index.reshape(-1)[triangles.long()]
    flat = (
        (triangles[:, 0] == triangles[:, 1])
        | (triangles[:, 1] == triangles[:, 2])
        | (triangles[:, 2] == triangles[:, 0])
    )
    return vertices * radius + vertices.new_tensor(centre), triangles[~flat].int()


def random_triangles(count: int, height: int, width: int, seed: int) -> tuple[Tensor, Tensor]:
    """Return (1, V, 4) clip coordinates, partly outside the picture, w between 1 and 3, and (T, 3) triangles."""
    generator = torch.Generator().manual_seed(seed)
    vertices = 3 * count // 2 + 3
    points = (torch.rand(vertices, 2, generator=generator) * 1.4 - 0.2) * torch.tensor([width, height])
    w = 1 + 2 * torch.rand(vertices, generator=generator)
    clip = pixels_to_clip(points, height, width, torch.rand(vertices, generator=generator) * 1.6 - 0.8, w)
    return clip, torch.randint(0, vertices, (count, 3), generator=generator, dtype=torch.int32)
