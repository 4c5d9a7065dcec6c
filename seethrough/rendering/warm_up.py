"""Compile the CPU kernels before they are needed, so that the first batch does not stall without a word."""

from __future__ import annotations

import sys
import time
from pathlib import Path

import torch

from seethrough.rendering.camera import Camera
from seethrough.rendering.lighting import shade
from seethrough.rendering.normals import vertex_normals
from seethrough.rendering.renderer import VISIBILITY, Renderer


def warm_up() -> float:
    """Run every CPU kernel once on a tiny scene, forward and backward, and return the seconds that took.

    The first call on a machine compiles (10 to 30 s) and leaves the result in numba's cache; later processes load it in
    about a second. Call it before work starts, for instance with a line that says so.
    """
    start = time.perf_counter()
    triangles = torch.tensor([[0, 2, 1]], dtype=torch.int32)
    points = torch.tensor([[[-40.0, -40.0, 1000.0], [40.0, -40.0, 1000.0], [-40.0, 40.0, 1000.0]]])
    with torch.enable_grad():
        for visibility in VISIBILITY:
            vertices = points.clone().requires_grad_()
            normals = vertex_normals(vertices, triangles, threads=1)
            colours = shade(torch.ones(1, 3, 3), normals, torch.zeros(1, 27), threads=1)
            renderer = Renderer(triangles, Camera(64.0, 8, 8), "cpu", visibility, cull=True, threads=1)
            rendering = renderer(vertices, colours)
            (rendering.image.square().sum() + rendering.mask.sum()).backward()
    return time.perf_counter() - start


def tell_of_compiling() -> None:
    """Say in one line that kernels will be compiled, where numba keeps none yet."""
    from seethrough.rendering.kernels.rasterization import rasterize_forward  # numba takes a while, too

    if not compiled_before(rasterize_forward.stats.cache_path):
        print("compiling, once for this clone: nothing else is heard meanwhile", file=sys.stderr, flush=True)


def compiled_before(folder: str | Path | None) -> bool:
    """Return whether a cache folder of numba's has the rasterizer's code."""
    return folder is not None and any(Path(folder).glob("rasterization.rasterize_forward-*.nbc"))
