"""From posed vertices with attributes to pictures, masks and depth maps."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from seethrough.errors import SeethroughError
from seethrough.rendering.backends import Backend, get_backend
from seethrough.rendering.camera import Camera
from seethrough.rendering.topology import MeshTopology
from seethrough.rendering.visibility import edge_gradient

VISIBILITY = ("none", "antialias", "edge")


@dataclass
class Rendering:
    """What the camera sees.

    Attributes:
        image: (B, C, H, W) interpolated attributes, 0 where no triangle is seen.
        mask: (B, 1, H, W) 1 where a triangle is seen; carries a gradient only with a visibility gradient.
        rast: (B, H, W, 4) of (u, v, z/w, triangle id + 1), see :class:`~seethrough.rendering.backends.Backend`.
    """

    image: Tensor
    mask: Tensor
    rast: Tensor


class Renderer:
    """Differentiable rasterizer of one mesh seen by one camera.

    Args:
        triangles: (T, 3) vertex indices, counter-clockwise seen from outside.
        camera: the camera; it decides the size of the picture.
        backend: ``auto``, ``cpu`` or ``nvdiffrast``.
        visibility: where the gradient of visibility comes from. ``none``: nowhere, the mask is constant (FOCUS,
            Deep3D). ``antialias``: blending across silhouettes (nvdiffrast); weak on dense meshes. ``edge``: pixel
            pairs across an edge (arXiv 2405.02508); the picture itself stays as with ``none``.
        cull: leave out triangles seen from behind.
        threads: threads of the cpu backend, which share out the images; None follows ``torch.get_num_threads()``.
    """

    def __init__(
        self,
        triangles: Tensor,
        camera: Camera,
        backend: str = "auto",
        visibility: str = "none",
        cull: bool = True,
        threads: int | None = None,
    ) -> None:
        if visibility not in VISIBILITY:
            raise SeethroughError(f"unknown visibility {visibility!r}: choose one of {', '.join(VISIBILITY)}")
        self.camera = camera
        self.backend = backend
        self.visibility = visibility
        self.cull = cull
        self.threads = threads
        self._topology = MeshTopology(triangles)
        self._backends: dict[torch.device, tuple[Backend, MeshTopology]] = {}

    def on(self, device: torch.device) -> tuple[Backend, MeshTopology]:
        """Return the backend and the triangles for tensors on ``device``."""
        if device not in self._backends:
            topology = self._topology
            if topology.triangles.device != device:
                topology = MeshTopology(topology.triangles.to(device))
            self._backends[device] = (get_backend(self.backend, device, self.threads), topology)
        return self._backends[device]

    def rasterize(self, vertices: Tensor) -> tuple[Tensor, Tensor]:
        """Return clip coordinates (B, V, 4) and ``rast`` (B, H, W, 4) of (B, V, 3) vertices, camera frame, mm."""
        if vertices.ndim != 3 or vertices.shape[2] != 3:
            raise ValueError(f"expected (B, V, 3) vertices, got {tuple(vertices.shape)}")
        backend, topology = self.on(vertices.device)
        clip = self.camera.clip(vertices)
        return clip, backend.rasterize(clip, topology, self.camera.height, self.camera.width, self.cull)

    def __call__(self, vertices: Tensor, attributes: Tensor) -> Rendering:
        """Draw attributes.

        Args:
            vertices: (B, V, 3) mm, camera frame (x right, y down, z forward).
            attributes: (B, V, C) what to interpolate, for instance colours.
        """
        if attributes.shape[:2] != vertices.shape[:2]:
            raise ValueError(f"vertices {tuple(vertices.shape)} and attributes {tuple(attributes.shape)} do not fit")
        clip, rast = self.rasterize(vertices)
        backend, topology = self.on(vertices.device)
        mask = mask_of(rast)
        if self.visibility == "antialias":
            image = backend.interpolate(attributes, rast, topology)
            both = torch.cat([image, mask.permute(0, 2, 3, 1)], dim=3)
            both = backend.antialias(both, rast, clip, topology).permute(0, 3, 1, 2).contiguous()
            image, mask = both[:, :-1], both[:, -1:]
        else:
            image = backend.interpolate(attributes, rast, topology, channels_first=True)
        if self.visibility == "edge":
            tolerance = self.camera.clip_depth_scale / self.camera.focal
            both = torch.cat([image, mask], dim=1)
            both = edge_gradient(both, rast, clip, topology, depth_tolerance=tolerance, threads=self.threads)
            image, mask = both[:, :-1], both[:, -1:]
        return Rendering(image, mask, rast)

    def depth(self, vertices: Tensor) -> tuple[Tensor, Tensor]:
        """Return the depth map (B, 1, H, W) in mm, 0 where nothing is seen, and its mask.

        The depth is interpolated z of the camera frame, so it is differentiable, unlike the third channel of ``rast``.
        """
        _, rast = self.rasterize(vertices)
        backend, topology = self.on(vertices.device)
        return backend.interpolate(vertices[..., 2:], rast, topology, channels_first=True), mask_of(rast)

    def normals(self, vertices: Tensor) -> tuple[Tensor, Tensor]:
        """Return the map of unit normals (B, 3, H, W), camera frame, 0 where nothing is seen, and its mask."""
        _, rast = self.rasterize(vertices)
        backend, topology = self.on(vertices.device)
        vertex = backend.vertex_normals(vertices, topology)
        image = backend.interpolate(vertex, rast, topology, channels_first=True)
        return functional.normalize(image, dim=1), mask_of(rast)


def mask_of(rast: Tensor) -> Tensor:
    """Return the (B, 1, H, W) mask of covered pixels of (B, H, W, 4) ``rast``, without gradient."""
    return (rast.detach()[..., 3] > 0).to(rast.dtype).unsqueeze(1)
