"""Section ``decode``: coefficients to vertices and colours."""

from __future__ import annotations

from collections.abc import Mapping

import torch

from tools.benchmark.measuring import Measurement, measure
from tools.benchmark.registry import Case
from tools.benchmark.rendering.scenes import shell_model


def _decode(resolution: int, name: str, batch: int = 32) -> Measurement:
    model = shell_model(resolution)
    vertices = model.vertex_count
    sizes = (80, 64, 80)
    codes = [torch.randn(batch, size, requires_grad=True) for size in sizes]

    def step() -> None:
        total = model.shape(codes[0], codes[1]).sum() + model.albedo(codes[2]).sum()
        total.backward()

    # per image: a product with each basis forward and one backward; bases are read twice a batch, results written once
    flop = 2 * 2 * sum(sizes) * vertices * 3
    moved = (2 * sum(sizes) / batch + 2 * 3) * vertices * 3 * 4
    return measure("decode", name, step, per=batch, flop=flop, bytes_moved=moved)


def cases() -> Mapping[str, Case]:
    """Return the cases of this section."""
    sizes = {"2.6k vertices forward+backward": 51, "27k vertices forward+backward": 163}
    return {name: (lambda r=resolution, n=name: _decode(r, n)) for name, resolution in sizes.items()}
