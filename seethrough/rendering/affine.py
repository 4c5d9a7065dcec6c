"""One affine map an image, over all its points."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from seethrough.precision import in_full_precision
from seethrough.rendering.image_threads import for_each_image


@in_full_precision
def transform(points: Tensor, matrix: Tensor) -> Tensor:
    """Map (B, N, 3) points by (B, R, 4) matrices, whose last column is the offset, to (B, N, R).

    float32 CPU tensors go through a numba kernel with a hand-written gradient, others through torch.
    """
    if points.ndim != 3 or points.shape[2] != 3 or matrix.ndim != 3 or matrix.shape[2] != 4:
        raise ValueError(
            f"expected (B, N, 3) points and (B, R, 4) maps, got {tuple(points.shape)}, {tuple(matrix.shape)}"
        )
    if points.shape[0] != matrix.shape[0]:
        raise ValueError(f"{points.shape[0]} sets of points, but {matrix.shape[0]} maps")
    if points.dtype == matrix.dtype == torch.float32 and points.device.type == matrix.device.type == "cpu":
        return _Transform.apply(points, matrix)  # pyright: ignore
    return torch.baddbmm(matrix[:, None, :, 3], points, matrix[..., :3].transpose(1, 2))


class _Transform(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, points: Tensor, matrix: Tensor) -> Tensor:
        from seethrough.rendering.kernels.affine import affine_forward

        points, matrix = points.contiguous(), matrix.contiguous()
        out = torch.empty(*points.shape[:2], matrix.shape[1])
        arrays = (points.detach().numpy(), matrix.detach().numpy(), out.numpy())
        for_each_image(affine_forward, *arrays, images=len(points))
        ctx.save_for_backward(points, matrix)
        return out

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad_out: Tensor) -> tuple[Tensor, Tensor]:
        from seethrough.rendering.kernels.affine import affine_backward

        points, matrix = ctx.saved_tensors
        grad_points, grad_matrix = torch.empty_like(points), torch.empty_like(matrix)
        for_each_image(
            affine_backward,
            *(points.detach().numpy(), matrix.detach().numpy(), grad_out.contiguous().numpy()),
            *(grad_points.numpy(), grad_matrix.numpy()),
            images=len(points),
        )
        return grad_points, grad_matrix
