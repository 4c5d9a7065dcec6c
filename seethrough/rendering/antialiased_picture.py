"""Antialiased pictures of one mesh on the CPU, to be looked at: without gradient, and without an enlarged image."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from seethrough.rendering.backends.cpu import check_floats
from seethrough.rendering.camera import Camera
from seethrough.rendering.topology import MeshTopology

SAMPLES = 2  # a pixel's side is cut into so many


@torch.no_grad()
def antialiased_picture(
    posed: Tensor, triangles: Tensor, attributes: Tensor, camera: Camera, samples: int = SAMPLES
) -> tuple[np.ndarray, np.ndarray]:
    """Draw attributes; triangles seen from behind are left out.

    Args:
        posed: (V, 3) float32 mm, camera frame.
        triangles: (T, 3), counter-clockwise seen from outside.
        attributes: (V, C) float32.
        camera: of the picture.
        samples: a pixel is the mean over samples x samples points.

    Returns:
        (C, H, W) float32 means, with 0 for points that see nothing, and (H, W) the share of points that see the mesh.
    """
    from seethrough.rendering.kernels.supersampling import draw_means

    check_floats("posed", posed, 3, ndim=2)
    check_floats("attributes", attributes, ndim=2)
    topology = MeshTopology.of(triangles)
    topology.check_vertices(min(len(posed), len(attributes)))
    clip = camera.resized(camera.height * samples).clip(posed[None])[0].contiguous()
    means = np.empty((attributes.shape[1] + 1, camera.height, camera.width), np.float32)
    draw_means(clip.numpy(), topology.triangles.numpy(), attributes.contiguous().numpy(), True, samples, means)
    return means[:-1], means[-1]
