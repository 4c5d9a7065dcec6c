"""The gradient of visibility from pixel pairs, for every backend.

The picture is left as it is. In the backward pass, each pair of neighbouring pixels that see different surfaces is a
piece of an outline: moving it by one pixel from a to b changes the loss by (g_a + g_b) / 2 . (c_a - c_b). That force
acts on the nearer of the two fragments and, through its barycentrics, on its triangle (Rasterized Edge Gradients,
arXiv 2405.02508). Unlike blending at edges it does not need the triangle that owns the outline to be visible, so it
works on meshes with triangles smaller than a pixel.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from seethrough.rendering.image_threads import for_each_image
from seethrough.rendering.topology import MeshTopology


def edge_gradient(
    image: Tensor,
    rast: Tensor,
    clip: Tensor,
    triangles: Tensor | MeshTopology,
    *,
    depth_tolerance: float = 0.0,
    threads: int | None = None,
) -> Tensor:
    """Return ``image`` unchanged, with a gradient of its outlines to ``clip``.

    Two covered pixels count as an outline only where the surface breaks off: their triangles share no edge and the
    step in z/w is larger than the slopes of the two explain. Where two surfaces cut through each other there is no
    step and no gradient.

    Args:
        image: (B, C, H, W) colours or a mask, background included.
        rast: (B, H, W, 4) from :meth:`Backend.rasterize`; no gradient goes through it here.
        clip: (B, V, 4) what was rasterized; x, y and w get the gradient.
        triangles: (T, 3).
        depth_tolerance: least step that counts, in units of z/w times w (for a perspective camera
            ``camera.clip_depth_scale / camera.focal`` allows a slope of 45 degrees).
        threads: threads of the numba path; None follows ``torch.get_num_threads()``.
    """
    if image.ndim != 4 or rast.shape != (image.shape[0], image.shape[2], image.shape[3], 4):
        raise ValueError(f"image {tuple(image.shape)} and rast {tuple(rast.shape)} do not fit")
    if clip.ndim != 3 or clip.shape[0] != image.shape[0] or clip.shape[2] != 4:
        raise ValueError(f"expected ({image.shape[0]}, V, 4) clip coordinates, got {tuple(clip.shape)}")
    topology = MeshTopology.of(triangles)
    topology.check_vertices(clip.shape[1])
    return _EdgeGradient.apply(image, clip, rast, topology, depth_tolerance, threads)  # pyright: ignore


class _EdgeGradient(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any, image: Tensor, clip: Tensor, rast: Tensor, topology: MeshTopology, tolerance: float, threads: int | None
    ) -> Tensor:
        ctx.save_for_backward(image, clip, rast)
        ctx.topology, ctx.tolerance, ctx.threads = topology, tolerance, threads
        return image.view_as(image)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad_image: Tensor) -> tuple[Tensor | None, ...]:
        image, clip, rast = ctx.saved_tensors
        if clip.dtype == torch.float32 and clip.device.type == "cpu":
            from seethrough.rendering.kernels.edges import edge_backward

            grad_clip = torch.empty(clip.shape)
            for_each_image(
                edge_backward,
                clip.detach().contiguous().numpy(),
                ctx.topology.triangles.numpy(),
                rast.detach().contiguous().numpy(),
                image.detach().contiguous().numpy(),
                grad_image.contiguous().numpy(),
                float(ctx.tolerance),
                grad_clip.numpy(),
                images=len(clip),
                threads=ctx.threads,
            )
        else:
            corners = ctx.topology.triangles.to(clip.device, torch.int64)
            grad_clip = edge_forces(clip, corners, rast, image, grad_image, ctx.tolerance)
        return grad_image, grad_clip, None, None, None, None


def edge_forces(
    clip: Tensor, triangles: Tensor, rast: Tensor, image: Tensor, grad_image: Tensor, tolerance: float
) -> Tensor:
    """Compute the gradient of :func:`edge_gradient` to ``clip`` in torch, on any device and in any precision."""
    grad = torch.zeros_like(clip)
    ids = rast[..., 3].long() - 1
    height, width = ids.shape[1:]
    for axis, size in ((0, width), (1, height)):
        dim = 2 - axis  # of (B, H, W)
        length = ids.shape[dim]
        id_a, id_b = ids.narrow(dim, 0, length - 1), ids.narrow(dim, 1, length - 1)
        batch, y, x = (id_a != id_b).nonzero(as_tuple=True)
        if len(batch) == 0:
            continue
        yb, xb = (y, x + 1) if axis == 0 else (y + 1, x)
        force = (grad_image[batch, :, y, x] + grad_image[batch, :, yb, xb]) * (
            image[batch, :, y, x] - image[batch, :, yb, xb]
        )
        force = force.sum(1)
        ta, tb = ids[batch, y, x], ids[batch, yb, xb]
        za, zb = rast[batch, y, x, 2], rast[batch, yb, xb, 2]
        second = (ta < 0) | ((tb >= 0) & (zb < za))
        front = torch.where(second, tb, ta)
        uv = torch.where(second[:, None], rast[batch, yb, xb, :2], rast[batch, y, x, :2])
        weights = torch.cat([uv, 1 - uv.sum(1, keepdim=True)], 1)
        corners = triangles[front]
        seen = clip[batch[:, None], corners]  # (pairs, 3, 4)
        w = (weights * seen[..., 3]).sum(1)
        both = (ta >= 0) & (tb >= 0)
        goes_on = both & _surface_goes_on(clip, triangles, batch, ta, tb, zb - za, axis, size, tolerance / w)
        kept = (~goes_on) & (w > 0)
        force = torch.where(kept, 0.25 * size * force / w, torch.zeros_like(force))
        fall = force * (weights * seen[..., axis]).sum(1) / w
        fall = torch.where(kept, fall, torch.zeros_like(fall))
        rows = (batch[:, None] * clip.shape[1] + corners).reshape(-1)
        flat = grad.view(-1, 4)
        flat[:, axis].index_add_(0, rows, (force[:, None] * weights).reshape(-1))
        flat[:, 3].index_add_(0, rows, (-fall[:, None] * weights).reshape(-1))
    return grad


def _surface_goes_on(
    clip: Tensor,
    triangles: Tensor,
    batch: Tensor,
    ta: Tensor,
    tb: Tensor,
    step: Tensor,
    axis: int,
    size: int,
    tolerance: Tensor,
) -> Tensor:
    """Tell for each pair of triangles whether they belong to one sheet of surface; ids of -1 give anything."""
    corners_a, corners_b = triangles[ta.clamp_min(0)], triangles[tb.clamp_min(0)]
    shared = (corners_a[:, :, None] == corners_b[:, None, :]).sum((1, 2)) >= 2
    slopes = []
    for corners in (corners_a, corners_b):
        points = clip[batch[:, None], corners]
        w = points[..., 3]
        x, y, z = (points[..., k] / w for k in range(3))
        x1, y1, z1 = x[:, 1] - x[:, 0], y[:, 1] - y[:, 0], z[:, 1] - z[:, 0]
        x2, y2, z2 = x[:, 2] - x[:, 0], y[:, 2] - y[:, 0], z[:, 2] - z[:, 0]
        area = x1 * y2 - y1 * x2
        rise = z1 * y2 - z2 * y1 if axis == 0 else z2 * x1 - z1 * x2
        slope = rise / area * (2 / size)
        slopes.append(torch.where((w > 0).all(1) & (area != 0), slope, torch.zeros_like(slope)))
    low, high = torch.minimum(*slopes), torch.maximum(*slopes)
    slack = 0.5 * (slopes[0].abs() + slopes[1].abs()) + tolerance
    return shared | ((step >= low - slack) & (step <= high + slack))
