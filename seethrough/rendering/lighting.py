"""Spherical-harmonics light on vertices."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from seethrough.rendering.harmonics import BAND_0, spherical_harmonics
from seethrough.rendering.image_threads import for_each_image

__all__ = ["FOCUS_AMBIENT", "shade", "spherical_harmonics"]

FOCUS_AMBIENT = 0.7 * 2 * math.pi * BAND_0
"""White light that FOCUS adds before the predicted coefficients: 4.398 Y_00 = 1.2407 (released code)."""


def shade(
    albedo: Tensor, normals: Tensor, illumination: Tensor, ambient: float = FOCUS_AMBIENT, *, threads: int | None = None
) -> Tensor:
    """Light vertex colours: albedo * (ambient + sum_k c_k Y_k(normal)), per channel, not clamped.

    float32 CPU tensors go through one numba kernel with a hand-written gradient, others through torch.

    Args:
        albedo: (B, V, 3) RGB.
        normals: (B, V, 3) unit normals in the frame that the light is given in (the camera frame for FOCUS).
        illumination: (B, 27) coefficients, nine for red, nine for green, nine for blue; order of
            :func:`~seethrough.rendering.harmonics.spherical_harmonics`.
        ambient: constant light added to each channel.
        threads: threads of the numba path; None follows ``torch.get_num_threads()``.

    Returns:
        (B, V, 3) RGB (FOCUS Sec. 3.1 and released code).
    """
    batch = albedo.shape[0]
    if albedo.ndim != 3 or albedo.shape[2] != 3 or albedo.shape != normals.shape or illumination.shape != (batch, 27):
        raise ValueError(
            f"expected albedo and normals (B, V, 3) and illumination (B, 27), got {tuple(albedo.shape)}, "
            f"{tuple(normals.shape)} and {tuple(illumination.shape)}"
        )
    inputs = (albedo, normals, illumination)
    if all(tensor.dtype == torch.float32 and tensor.device.type == "cpu" for tensor in inputs):
        return _Shade.apply(*inputs, ambient, threads)  # pyright: ignore
    light = spherical_harmonics(normals) @ illumination.view(batch, 3, 9).transpose(1, 2)
    return albedo * (light + ambient)


class _Shade(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any, albedo: Tensor, normals: Tensor, illumination: Tensor, ambient: float, threads: int | None
    ) -> Tensor:
        from seethrough.rendering.kernels import shading

        albedo, normals, illumination = albedo.contiguous(), normals.contiguous(), illumination.contiguous()
        colours = torch.empty_like(albedo)
        for_each_image(
            shading.shade_forward,
            albedo.detach().numpy(),
            normals.detach().numpy(),
            illumination.detach().numpy(),
            np.float32(ambient),
            colours.numpy(),
            images=len(albedo),
            threads=threads,
        )
        ctx.save_for_backward(albedo, normals, illumination)
        ctx.ambient, ctx.threads = ambient, threads
        return colours

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad_colours: Tensor) -> tuple[Tensor | None, ...]:
        from seethrough.rendering.kernels import shading

        albedo, normals, illumination = ctx.saved_tensors
        grads = [torch.empty_like(tensor) for tensor in (albedo, normals, illumination)]
        for_each_image(
            shading.shade_backward,
            albedo.detach().numpy(),
            normals.detach().numpy(),
            illumination.detach().numpy(),
            np.float32(ctx.ambient),
            grad_colours.contiguous().numpy(),
            *(grad.numpy() for grad in grads),
            images=len(albedo),
            threads=ctx.threads,
        )
        return *grads, None, None
