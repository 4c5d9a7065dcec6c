"""The CUDA backend: calls nvdiffrast, which users install themselves under NVIDIA's licence."""

from __future__ import annotations

import importlib
from typing import Any

import torch
from torch import Tensor

from seethrough.device_constants import constant_like, device_constant
from seethrough.errors import SeethroughError
from seethrough.rendering.topology import MeshTopology

INSTALL_COMMAND = (
    "pip install setuptools wheel ninja && "
    "pip install git+https://github.com/NVlabs/nvdiffrast.git --no-build-isolation"
)
ON_THE_CPU = "work on the CPU, where everything runs without it: trainer.accelerator=cpu (in Python, CPU tensors)"


def _import_nvdiffrast() -> Any:
    try:
        return importlib.import_module("nvdiffrast.torch")
    except ImportError as error:
        raise SeethroughError(
            f"rendering on CUDA needs nvdiffrast, which cannot be imported ({error}): "
            f"install it with `{INSTALL_COMMAND}` (NVIDIA's licence allows non-commercial use only), "
            f"or {ON_THE_CPU}"
        ) from error


class NvdiffrastBackend:
    """Rasterizer for float32 CUDA tensors; see :class:`~seethrough.rendering.backends.Backend`.

    Gradients are summed with atomics, so they differ in the last bits from run to run.
    """

    name = "nvdiffrast"

    def __init__(self, device: torch.device) -> None:
        self._nvdiffrast = _import_nvdiffrast()
        try:
            self._context = self._nvdiffrast.RasterizeCudaContext(device=device)
        except RuntimeError as error:
            raise SeethroughError(f"nvdiffrast cannot use {device}: {error}") from error
        self._identity: dict[int, Tensor] = {}
        self._silhouettes: tuple[Tensor, Any] | None = None

    def rasterize(
        self, clip: Tensor, triangles: Tensor | MeshTopology, height: int, width: int, cull: bool = False
    ) -> Tensor:
        """Return (B, height, width, 4) of (u, v, z/w, id + 1) for (B, V, 4) clip coordinates."""
        if clip.dtype != torch.float32:
            raise TypeError(f"clip must be float32, got {clip.dtype}")
        if clip.ndim != 3 or clip.shape[2] != 4:
            raise ValueError(f"expected (B, V, 4) clip coordinates, got {tuple(clip.shape)}")
        topology = MeshTopology.of(triangles)
        topology.check_vertices(clip.shape[1])
        corners = topology.triangles
        if len(clip) == 0 or len(corners) == 0:
            return clip.new_zeros(len(clip), height, width, 4)
        if cull:
            clip, corners = self._without_back_faces(clip, corners)
        rast, _ = self._nvdiffrast.rasterize(
            self._context, clip.contiguous(), corners, resolution=[height, width], grad_db=False
        )
        return rast

    def _without_back_faces(self, clip: Tensor, corners: Tensor) -> tuple[Tensor, Tensor]:
        """Give every triangle its own corners and shrink those seen from behind to a point, which is not drawn."""
        count = len(corners)
        own = clip[:, corners.reshape(-1).long()].view(len(clip), count, 3, 4)
        # the sign of det(x, y, w) is that of the area in the picture; rows grow downwards, so front faces are negative
        front = (
            torch.linalg.det(
                own.detach().index_select(3, device_constant((0, 1, 3), torch.int64, clip.device)).double()
            )
            < 0
        )
        point = constant_like((0.0, 0.0, 0.0, 1.0), clip)
        own = torch.where(front[..., None, None], own, point)
        if count not in self._identity:
            self._identity[count] = torch.arange(3 * count, dtype=torch.int32, device=clip.device).view(count, 3)
        return own.view(len(clip), -1, 4), self._identity[count]

    def interpolate(
        self, attributes: Tensor, rast: Tensor, triangles: Tensor | MeshTopology, channels_first: bool = False
    ) -> Tensor:
        """Mix (B, V, C) attributes at the pixels of ``rast``."""
        topology = MeshTopology.of(triangles)
        topology.check_vertices(attributes.shape[1])
        if len(attributes) == 0 or len(topology.triangles) == 0:
            image = attributes.new_zeros(*rast.shape[:3], attributes.shape[2])
        else:
            image, _ = self._nvdiffrast.interpolate(attributes.contiguous(), rast, topology.triangles)
        return image.permute(0, 3, 1, 2).contiguous() if channels_first else image

    def vertex_normals(self, vertices: Tensor, triangles: Tensor | MeshTopology) -> Tensor:
        """Return unit vertex normals; see :func:`seethrough.rendering.normals.vertex_normals`."""
        from seethrough.rendering.normals import vertex_normals

        return vertex_normals(vertices, triangles)

    def antialias(self, colour: Tensor, rast: Tensor, clip: Tensor, triangles: Tensor | MeshTopology) -> Tensor:
        """Blend (B, H, W, C) across silhouettes."""
        corners = MeshTopology.of(triangles).triangles
        if len(colour) == 0 or len(corners) == 0:
            return colour
        if self._silhouettes is None or self._silhouettes[0] is not corners:
            self._silhouettes = (corners, self._nvdiffrast.antialias_construct_topology_hash(corners))
        return self._nvdiffrast.antialias(
            colour.contiguous(), rast, clip.contiguous(), corners, topology_hash=self._silhouettes[1]
        )
