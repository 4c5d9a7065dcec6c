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

from seethrough.device_constants import constant_like
from seethrough.rendering.image_threads import for_each_image
from seethrough.rendering.topology import MeshTopology

GOES_ON, BREAKS_OFF, LIES_BELOW = 0, 1, 2
MOST_STEPS = 64  # triangles that one pixel's width can reasonably cross


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

    Two covered pixels count as an outline only where there is a step in depth and the surface of the nearer one breaks
    off: walking over the mesh from the one centre to the other meets a border or a fold, or ends under another sheet.
    Where two surfaces cut through each other there is no step and no gradient.

    Args:
        image: (B, C, H, W) colours or a mask, background included.
        rast: (B, H, W, 4) from :meth:`Backend.rasterize`; no gradient goes through it here.
        clip: (B, V, 4) what was rasterized; x, y and w get the gradient.
        triangles: (T, 3).
        depth_tolerance: steps below this are no outline, in units of z/w times w; for a perspective camera
            ``camera.clip_depth_scale / camera.focal`` is the step of a slope of 45 degrees.
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
        ctx: Any,
        image: Tensor,
        clip: Tensor,
        rast: Tensor,
        topology: MeshTopology,
        tolerance: float,
        threads: int | None,
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
                ctx.topology.neighbours.numpy(),
                rast.detach().contiguous().numpy(),
                image.detach().contiguous().numpy(),
                grad_image.contiguous().numpy(),
                float(ctx.tolerance),
                grad_clip.numpy(),
                images=len(clip),
                threads=ctx.threads,
            )
        else:
            grad_clip = edge_forces(clip, ctx.topology, rast, image, grad_image, ctx.tolerance)
        return grad_image, grad_clip, None, None, None, None


def edge_forces(
    clip: Tensor, topology: MeshTopology, rast: Tensor, image: Tensor, grad_image: Tensor, tolerance: float
) -> Tensor:
    """Compute the gradient of :func:`edge_gradient` to ``clip`` in torch, on any device and in any precision."""
    grad = torch.zeros_like(clip)
    triangles = topology.triangles.to(clip.device, torch.int64)
    ids = rast[..., 3].long() - 1
    for axis, dim in ((0, 2), (1, 1)):  # dim of (B, H, W)
        size = ids.shape[dim]
        differ = ids.narrow(dim, 0, size - 1) != ids.narrow(dim, 1, size - 1)
        batch, y, x = differ.nonzero(as_tuple=True)
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
        front, behind = torch.where(second, tb, ta), torch.where(second, ta, tb)
        both = (ta >= 0) & (tb >= 0)
        step = (zb - za).abs() * clip[batch, triangles[front, 0], 3]
        doubtful = both & (step > tolerance) & (_shared_corners(triangles, front, behind) < 2)
        pairs = doubtful.nonzero().squeeze(1)
        start_x, start_y = torch.where(second, xb, x)[pairs], torch.where(second, yb, y)[pairs]
        direction = 1.0 - 2.0 * second[pairs].to(clip.dtype)
        goal_depth = torch.where(second, za, zb)
        picked = batch[pairs], front[pairs], behind[pairs], goal_depth[pairs], start_x, start_y, direction
        found = walk_to_next_pixel(clip, topology, *picked, (ids.shape[1], ids.shape[2]), axis)
        kept = ~both
        kept[pairs] = found != GOES_ON
        second[pairs] ^= found == LIES_BELOW

        front = torch.where(second, tb, ta)
        uv = torch.where(second[:, None], rast[batch, yb, xb, :2], rast[batch, y, x, :2])
        weights = torch.cat([uv, 1 - uv.sum(1, keepdim=True)], 1)
        corners = triangles[front]
        seen = clip[batch[:, None], corners]  # (pairs, 3, 4)
        w = (weights * seen[..., 3]).sum(1)
        kept &= w > 0
        force = torch.where(kept, 0.25 * size * force / w, torch.zeros_like(force))
        fall = force * (weights * seen[..., axis]).sum(1) / w
        fall = torch.where(kept, fall, torch.zeros_like(fall))
        rows = (batch[:, None] * clip.shape[1] + corners).reshape(-1)
        flat = grad.view(-1, 4)
        flat[:, axis].index_add_(0, rows, (force[:, None] * weights).reshape(-1))
        flat[:, 3].index_add_(0, rows, (-fall[:, None] * weights).reshape(-1))
    return grad


def _shared_corners(triangles: Tensor, first: Tensor, second: Tensor) -> Tensor:
    """Count the vertices that pairs of triangles share; ids of -1 give anything."""
    return (triangles[first][:, :, None] == triangles[second][:, None, :]).sum((1, 2))


def walk_to_next_pixel(
    clip: Tensor,
    topology: MeshTopology,
    batch: Tensor,
    start: Tensor,
    goal: Tensor,
    goal_depth: Tensor,
    x: Tensor,
    y: Tensor,
    direction: Tensor,
    size: tuple[int, int],
    axis: int,
) -> Tensor:
    """Walk over the mesh from pixel centres to their neighbours, all pairs at once.

    Args:
        clip: (B, V, 4).
        topology: the triangles.
        batch: (P,) image of each pair.
        start: (P,) triangle seen at the nearer pixel.
        goal: (P,) triangle seen at the other one.
        goal_depth: (P,) z/w seen there.
        x: (P,) column of the nearer pixel.
        y: (P,) row of the nearer pixel.
        direction: (P,) 1 to the right or down, -1 to the left or up.
        size: height and width of the picture.
        axis: 0 along the row, 1 along the column.

    Returns:
        (P,) GOES_ON, BREAKS_OFF or LIES_BELOW.
    """
    triangles, neighbours = topology.triangles.long(), topology.neighbours.long()
    height, width = size
    found = torch.full_like(start, GOES_ON)
    half = constant_like((width / 2, height / 2), clip)
    centre = torch.stack([x, y], 1).to(clip.dtype) + 0.5
    active = torch.arange(len(start), device=start.device)
    current, last_turn = start.clone(), torch.zeros_like(direction)
    for _ in range(MOST_STEPS):
        if len(active) == 0:
            break
        t = current[active]
        corners = clip[batch[active][:, None], triangles[t]]
        place = (corners[..., :2] / corners[..., 3:] + 1) * half - centre[active][:, None]
        along, across = place[..., axis] * direction[active][:, None], place[..., 1 - axis]
        turn = (along[:, 1] - along[:, 0]) * (across[:, 2] - across[:, 0]) - (across[:, 1] - across[:, 0]) * (
            along[:, 2] - along[:, 0]
        )
        p, q = [1, 2, 0], [2, 0, 1]
        crosses = (across[:, p] < 0) != (across[:, q] < 0)
        crossing = along[:, p] - across[:, p] * (along[:, q] - along[:, p]) / (across[:, q] - across[:, p])
        exit_along, exit_edge = torch.where(crosses, crossing, -torch.inf).max(1)
        following = neighbours[t, exit_edge]
        lost = (corners[..., 3] <= 0).any(1)
        folded = last_turn[active] * turn < 0
        arrived = (exit_along >= 1) & ~folded
        ended = folded | ~crosses.any(1) | arrived | (following == -1)
        touches = _shared_corners(triangles, t, goal[active]) > 0
        shares = (along[:, p] - 1) * across[:, q] - across[:, p] * (along[:, q] - 1)
        arrival = (shares * corners[..., 2] / corners[..., 3]).sum(1) / turn
        verdict = torch.where(arrived & (arrival > goal_depth[active]), LIES_BELOW, BREAKS_OFF)
        verdict = torch.where(touches | lost | ~ended, GOES_ON, verdict)
        found[active] = verdict
        last_turn[active] = torch.where(following >= 0, turn, -turn)
        current[active] = torch.where(following >= 0, following, -2 - following).clamp_min(0)
        active = active[~(ended | lost)]
    return found
