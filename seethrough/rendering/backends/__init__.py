"""Rasterizer backends behind one interface: ``cpu`` (numba) and ``nvdiffrast`` (CUDA)."""

from __future__ import annotations

from typing import Protocol

import torch
from torch import Tensor

from seethrough.errors import SeethroughError
from seethrough.rendering.topology import MeshTopology

BACKENDS = ("auto", "cpu", "nvdiffrast")


class Backend(Protocol):
    """Four differentiable operations with the tensor conventions of nvdiffrast (arXiv 2011.03277).

    ``clip`` is (B, V, 4) float32; ``triangles`` is (T, 3) int or a :class:`MeshTopology`; ``rast`` is (B, H, W, 4) with
    (u, v, z/w, triangle id + 1), all zero where nothing is seen. u and v weigh a triangle's corners 0 and 1, the rest
    goes to corner 2. Row 0 is y/w = -1.
    """

    name: str

    def rasterize(
        self, clip: Tensor, triangles: Tensor | MeshTopology, height: int, width: int, cull: bool = False
    ) -> Tensor:
        """Return ``rast``; gradients of u and v reach x, y and w of ``clip``.

        With ``cull``, triangles that run clockwise in the picture as shown (row 0 on top) are left out.
        """
        ...

    def interpolate(
        self, attributes: Tensor, rast: Tensor, triangles: Tensor | MeshTopology, channels_first: bool = False
    ) -> Tensor:
        """Mix (B, V, C) vertex attributes to (B, H, W, C), or (B, C, H, W) with ``channels_first``; 0 outside."""
        ...

    def vertex_normals(self, vertices: Tensor, triangles: Tensor | MeshTopology) -> Tensor:
        """Return unit vertex normals (B, V, 3) of (B, V, 3) vertices."""
        ...

    def antialias(self, colour: Tensor, rast: Tensor, clip: Tensor, triangles: Tensor | MeshTopology) -> Tensor:
        """Blend (B, H, W, C) across silhouettes; gradients reach ``colour`` and x, y, w of ``clip``."""
        ...


def get_backend(name: str = "auto", device: torch.device | str = "cpu", threads: int | None = None) -> Backend:
    """Return a backend that works on ``device``.

    Args:
        name: ``auto`` takes ``cpu`` for CPU tensors and ``nvdiffrast`` for CUDA tensors.
        device: where the tensors live.
        threads: threads of the ``cpu`` backend; None follows ``torch.get_num_threads()``.

    Raises:
        SeethroughError: unknown name, a backend that cannot work on ``device``, or nvdiffrast not installed.
    """
    device = torch.device(device)
    if name not in BACKENDS:
        raise SeethroughError(f"unknown rasterizer backend {name!r}: choose one of {', '.join(BACKENDS)}")
    if device.type == "mps":
        raise SeethroughError(
            f"no rasterizer works on Apple's GPU ({device}): use trainer.accelerator=cpu (in Python, CPU tensors)"
        )
    if name == "auto":
        name = "nvdiffrast" if device.type == "cuda" else "cpu"
    if name == "nvdiffrast":
        if device.type != "cuda":
            raise SeethroughError(f"the nvdiffrast backend needs a CUDA device, not {device}: use backend=cpu")
        from seethrough.rendering.backends.nvdiffrast import NvdiffrastBackend

        return NvdiffrastBackend(device)
    if device.type != "cpu":
        raise SeethroughError(f"the cpu backend cannot render tensors on {device}: use backend=nvdiffrast or auto")
    from seethrough.rendering.backends.cpu import CpuBackend

    return CpuBackend(threads)
