"""The CPU backend: numba kernels with hand-written gradients, one thread an image."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from seethrough.rendering.image_threads import for_each_image
from seethrough.rendering.kernels import antialiasing, interpolation, rasterization
from seethrough.rendering.topology import MeshTopology


def as_array(tensor: Tensor) -> np.ndarray:
    """View a CPU tensor as a contiguous array, copying only if it is not."""
    return tensor.detach().contiguous().numpy()


def check_floats(name: str, tensor: Tensor, last: int | None = None, ndim: int = 3) -> None:
    """Raise ``TypeError`` or ``ValueError`` unless ``tensor`` is float32 on the CPU with that many dimensions."""
    if not isinstance(tensor, Tensor):
        raise TypeError(f"{name} must be a tensor, got {type(tensor).__name__}")
    if tensor.dtype != torch.float32:
        raise TypeError(f"{name} must be float32, got {tensor.dtype}")
    if tensor.device.type != "cpu":
        raise ValueError(f"{name} is on {tensor.device}, the cpu backend needs it on the CPU")
    if tensor.ndim != ndim or (last is not None and tensor.shape[-1] != last):
        raise ValueError(
            f"{name} has shape {tuple(tensor.shape)}, expected {ndim} dimensions, the last {last or 'any'}"
        )


def check_rast(rast: Tensor, batch: int) -> None:
    """Raise ``ValueError`` if ``rast`` is no rasterizer output for this batch (kernels skip ids out of range)."""
    check_floats("rast", rast, 4, ndim=4)
    if rast.shape[0] != batch:
        raise ValueError(f"rast holds {rast.shape[0]} images, the vertices {batch}")


class _Rasterize(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any, clip: Tensor, topology: MeshTopology, height: int, width: int, cull: bool, threads: int | None
    ) -> Tensor:
        clip = clip.contiguous()
        rast = torch.empty(clip.shape[0], height, width, 4)
        for_each_image(
            rasterization.rasterize_forward,
            as_array(clip),
            as_array(topology.triangles),
            cull,
            rast.numpy(),
            images=clip.shape[0],
            threads=threads,
        )
        ctx.save_for_backward(clip, rast)
        ctx.topology, ctx.threads = topology, threads
        return rast

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad_rast: Tensor) -> tuple[Tensor | None, ...]:
        clip, rast = ctx.saved_tensors
        grad_clip = torch.empty_like(clip)
        for_each_image(
            rasterization.rasterize_backward,
            as_array(clip),
            as_array(ctx.topology.triangles),
            as_array(rast),
            as_array(grad_rast),
            grad_clip.numpy(),
            images=clip.shape[0],
            threads=ctx.threads,
        )
        return grad_clip, None, None, None, None, None


class _Interpolate(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any, attributes: Tensor, rast: Tensor, topology: MeshTopology, channels_first: bool, threads: int | None
    ) -> Tensor:
        attributes, rast = attributes.contiguous(), rast.contiguous()
        batch, height, width, _ = rast.shape
        channels = attributes.shape[2]
        shape = (batch, channels, height, width) if channels_first else (batch, height, width, channels)
        image = torch.empty(shape)
        strides = (1, height * width) if channels_first else (channels, 1)
        for_each_image(
            interpolation.interpolate_forward,
            as_array(attributes),
            as_array(topology.triangles),
            as_array(rast),
            image.view(batch, -1).numpy() if image.numel() else np.empty((batch, 0), np.float32),
            *strides,
            images=batch,
            threads=threads,
        )
        ctx.save_for_backward(attributes, rast)
        ctx.topology, ctx.strides, ctx.threads = topology, strides, threads
        return image

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad_image: Tensor) -> tuple[Tensor | None, ...]:
        attributes, rast = ctx.saved_tensors
        batch = rast.shape[0]
        grad_attributes, grad_rast = torch.empty_like(attributes), torch.empty_like(rast)
        for_each_image(
            interpolation.interpolate_backward,
            as_array(attributes),
            as_array(ctx.topology.triangles),
            as_array(rast),
            as_array(grad_image).reshape(batch, grad_image[0].numel() if batch else 0),
            *ctx.strides,
            grad_attributes.numpy(),
            grad_rast.numpy(),
            images=batch,
            threads=ctx.threads,
        )
        return grad_attributes, grad_rast, None, None, None


class _Antialias(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any, colour: Tensor, clip: Tensor, rast: Tensor, topology: MeshTopology, threads: int | None
    ) -> Tensor:
        colour, clip, rast = colour.contiguous(), clip.contiguous(), rast.contiguous()
        blended = torch.empty_like(colour)
        for_each_image(
            antialiasing.antialias_forward,
            *(
                as_array(clip),
                as_array(topology.triangles),
                as_array(topology.neighbours),
                as_array(rast),
                as_array(colour),
            ),
            blended.numpy(),
            images=len(colour),
            threads=threads,
        )
        ctx.save_for_backward(colour, clip, rast)
        ctx.topology, ctx.threads = topology, threads
        return blended

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad_blended: Tensor) -> tuple[Tensor | None, ...]:
        colour, clip, rast = ctx.saved_tensors
        topology = ctx.topology
        grad_colour, grad_clip = torch.empty_like(colour), torch.empty_like(clip)
        for_each_image(
            antialiasing.antialias_backward,
            *(
                as_array(clip),
                as_array(topology.triangles),
                as_array(topology.neighbours),
                as_array(rast),
                as_array(colour),
            ),
            as_array(grad_blended),
            grad_colour.numpy(),
            grad_clip.numpy(),
            images=len(colour),
            threads=ctx.threads,
        )
        return grad_colour, grad_clip, None, None, None


class CpuBackend:
    """Rasterizer for float32 CPU tensors; see :class:`~seethrough.rendering.backends.Backend`.

    Coverage is exact: vertices snap to 1/16 px and a half-open fill rule gives each pixel centre of a closed surface to
    exactly one triangle. Of equal depths the later triangle wins. Triangles that cross the near or far plane are cut;
    those with a vertex that is not finite, or without area after snapping, are not drawn.
    """

    name = "cpu"

    def __init__(self, threads: int | None = None) -> None:
        if threads is not None and threads < 1:
            raise ValueError(f"threads must be at least 1, got {threads}")
        self.threads = threads

    def rasterize(
        self, clip: Tensor, triangles: Tensor | MeshTopology, height: int, width: int, cull: bool = False
    ) -> Tensor:
        """Return (B, height, width, 4) of (u, v, z/w, id + 1) for (B, V, 4) clip coordinates."""
        check_floats("clip", clip, 4)
        if height < 1 or width < 1 or max(height, width) > 16384:
            raise ValueError(f"cannot rasterize {width}x{height} px: each side must be 1 to 16384")
        topology = MeshTopology.of(triangles)
        topology.check_vertices(clip.shape[1])
        return _Rasterize.apply(clip, topology, height, width, bool(cull), self.threads)  # pyright: ignore

    def interpolate(
        self, attributes: Tensor, rast: Tensor, triangles: Tensor | MeshTopology, channels_first: bool = False
    ) -> Tensor:
        """Mix (B, V, C) attributes at the pixels of ``rast``."""
        check_floats("attributes", attributes)
        topology = MeshTopology.of(triangles)
        topology.check_vertices(attributes.shape[1])
        check_rast(rast, attributes.shape[0])
        return _Interpolate.apply(attributes, rast, topology, channels_first, self.threads)  # pyright: ignore

    def vertex_normals(self, vertices: Tensor, triangles: Tensor | MeshTopology) -> Tensor:
        """Return unit vertex normals; see :func:`seethrough.rendering.normals.vertex_normals`."""
        from seethrough.rendering.normals import vertex_normals

        return vertex_normals(vertices, triangles, threads=self.threads)

    def antialias(self, colour: Tensor, rast: Tensor, clip: Tensor, triangles: Tensor | MeshTopology) -> Tensor:
        """Blend (B, H, W, C) ``colour`` across silhouettes (arXiv 2011.03277, Sec. 3.3)."""
        check_floats("colour", colour, ndim=4)
        check_floats("clip", clip, 4)
        topology = MeshTopology.of(triangles)
        topology.check_vertices(clip.shape[1])
        check_rast(rast, clip.shape[0])
        if colour.shape[:3] != rast.shape[:3]:
            raise ValueError(f"colour {tuple(colour.shape)} and rast {tuple(rast.shape)} do not fit")
        return _Antialias.apply(colour, clip, rast, topology, self.threads)  # pyright: ignore
