"""Vertex normals: area-weighted means of face normals."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from seethrough.rendering.image_threads import for_each_image
from seethrough.rendering.topology import MeshTopology


def vertex_normals(vertices: Tensor, triangles: Tensor | MeshTopology, *, threads: int | None = None) -> Tensor:
    """Return the unit normal of each vertex, the area-weighted mean of the faces around it.

    The cross product (b - a) x (c - a) points outwards for triangles that run counter-clockwise seen from outside. That
    holds in the model frame and in the camera frame alike: the turn between them is proper, so a face looking at the
    camera has normals with positive z in the model frame and negative z in the camera frame.

    float32 CPU tensors go through a numba kernel with a hand-written gradient, others through torch.

    Args:
        vertices: (B, V, 3) in any frame and unit.
        triangles: (T, 3) vertex indices.
        threads: threads of the numba path; None follows ``torch.get_num_threads()``.

    Returns:
        (B, V, 3) unit vectors; zero at vertices that no face with an area touches. Faces with a vertex that is not
        finite are left out.
    """
    if vertices.ndim != 3 or vertices.shape[2] != 3:
        raise ValueError(f"expected (B, V, 3) vertices, got {tuple(vertices.shape)}")
    topology = MeshTopology.of(triangles)
    topology.check_vertices(vertices.shape[1])
    if vertices.dtype == torch.float32 and vertices.device.type == "cpu":
        return _VertexNormals.apply(vertices, topology, threads)  # pyright: ignore
    corners = topology.triangles.to(vertices.device, torch.int64)
    a, b, c = (vertices[:, corners[:, k]] for k in range(3))
    faces = torch.linalg.cross(b - a, c - a, dim=-1)
    finite = torch.isfinite(faces).all(-1, keepdim=True)
    faces = torch.where(finite, faces, torch.zeros_like(faces))
    sums = torch.zeros_like(vertices)
    for k in range(3):
        sums = sums.index_add(1, corners[:, k], faces)
    length = torch.linalg.vector_norm(sums, dim=-1, keepdim=True)
    return torch.where(length > 0, sums / length.clamp_min(torch.finfo(sums.dtype).tiny), torch.zeros_like(sums))


class _VertexNormals(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, vertices: Tensor, topology: MeshTopology, threads: int | None) -> Tensor:
        from seethrough.rendering.kernels import shading

        vertices = vertices.contiguous()
        normals = torch.empty_like(vertices)
        lengths = vertices.new_empty(vertices.shape[:2])
        for_each_image(
            shading.normals_forward,
            vertices.detach().numpy(),
            topology.triangles.numpy(),
            normals.numpy(),
            lengths.numpy(),
            images=len(vertices),
            threads=threads,
        )
        ctx.save_for_backward(vertices, normals, lengths)
        ctx.topology, ctx.threads = topology, threads
        return normals

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad_normals: Tensor) -> tuple[Tensor | None, ...]:
        from seethrough.rendering.kernels import shading

        vertices, normals, lengths = ctx.saved_tensors
        grad = torch.empty_like(vertices)
        for_each_image(
            shading.normals_backward,
            vertices.detach().numpy(),
            ctx.topology.triangles.numpy(),
            normals.detach().numpy(),
            lengths.numpy(),
            grad_normals.contiguous().numpy(),
            grad.numpy(),
            images=len(vertices),
            threads=ctx.threads,
        )
        return grad, None, None
