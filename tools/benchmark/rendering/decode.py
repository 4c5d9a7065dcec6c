"""Section ``decode``: coefficients to vertices and colours."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

from seethrough.morphable import FaceModel
from tools.benchmark.measuring import Measurement, measure
from tools.benchmark.registry import Case
from tools.benchmark.rendering.scenes import shell_model


def decode_plainly(model: FaceModel, identity: Tensor, expression: Tensor, albedo: Tensor) -> tuple[Tensor, Tensor]:
    """Return (B, V, 3) vertices in mm and colours, an einsum a basis, as the model's equation is written."""
    vertices = model.mean + torch.einsum("bi,ivc->bvc", identity, model.identity_basis)
    vertices = vertices + torch.einsum("be,evc->bvc", expression, model.expression_basis)
    return vertices, model.albedo_mean + torch.einsum("ba,avc->bvc", albedo, model.albedo_basis)


def _decode(resolution: int, name: str, batch: int = 32) -> Measurement:
    model = shell_model(resolution)
    vertices = model.vertex_count
    sizes = (80, 64, 80)
    codes = [torch.randn(batch, size, requires_grad=True) for size in sizes]

    def step() -> None:
        total = model.shape(codes[0], codes[1]).sum() + model.albedo(codes[2]).sum()
        total.backward()

    def plain() -> None:
        shape, colours = decode_plainly(model, *codes)
        (shape.sum() + colours.sum()).backward()

    # per image: a product with each basis forward and one backward; bases are read twice a batch, results written once
    flop = 2 * 2 * sum(sizes) * vertices * 3
    moved = (2 * sum(sizes) / batch + 2 * 3) * vertices * 3 * 4
    return measure("decode", name, step, per=batch, reference=plain, reference_per=batch, flop=flop, bytes_moved=moved)


def cases() -> Mapping[str, Case]:
    """Return the cases of this section."""
    sizes = {
        "2.6k vertices forward+backward": 51,
        "27k vertices forward+backward": 163,
        "36k vertices forward+backward": 189,
    }
    return {name: (lambda r=resolution, n=name: _decode(r, n)) for name, resolution in sizes.items()}
