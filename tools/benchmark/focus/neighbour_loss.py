"""Section ``neighbour_loss``: FOCUS Eq. 1 beside the same as a norm for each shift of the window."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

import torch
from torch import Tensor
from torch.nn import functional

from seethrough.losses import neighbour_loss
from tools.benchmark.measuring import Measurement, measure
from tools.benchmark.registry import Case

SETTINGS = [(224, 3, 4), (224, 5, 4), (80, 3, 32)]


def shifted_norms(target: Tensor, rendered: Tensor, mask: Tensor, window: int) -> Tensor:
    """Return the loss of the masked images, not squared, with a border: one colour norm for each shift, the minimum."""
    radius = window // 2
    height, width = target.shape[-2:]
    offered, seeking = target * mask, (rendered * mask)[..., radius : height - radius, radius : width - radius]
    inner_height, inner_width = seeking.shape[-2:]
    errors = [
        torch.linalg.vector_norm(offered[..., y : y + inner_height, x : x + inner_width] - seeking, dim=1)
        for y in range(window)
        for x in range(window)
    ]
    return torch.stack(errors).min(0).values.mean()


def _loss(size: int, window: int, batch: int, masking: str) -> Measurement:
    generator = torch.Generator().manual_seed(0)
    target = functional.interpolate(torch.rand(batch, 3, size // 8, size // 8, generator=generator), (size, size))
    rendered = (target + 0.1 * torch.rand(target.shape, generator=generator)).clamp(0, 1)
    mask = torch.rand(batch, 1, size, size, generator=generator, requires_grad=True)

    def ours() -> None:
        mask.grad = None
        neighbour_loss(
            target,
            rendered,
            mask,
            window=window,
            direction="render_to_target",
            masking=masking,  # pyright: ignore
            border="drop",
        ).backward()

    def plain() -> None:
        mask.grad = None
        shifted_norms(target, rendered, mask, window).backward()

    pixels = size * size
    return measure(
        "neighbour_loss",
        _name(size, window, masking),
        ours,
        per=batch,
        repeats=9,
        reference=plain,
        reference_per=batch,
        # three differences, three products, two sums and a comparison a shift; the gradient once a pixel
        flop=pixels * (9 * window**2 + 20),
        # two images and the mask read, errors and choices written and read, the mask's gradient written
        bytes_moved=pixels * 4 * (2 * 3 + 1 + 4 + 1),
    )


def _name(size: int, window: int, masking: str) -> str:
    return f"{size} {window}x{window} masked {masking} forward+backward"


def cases() -> Mapping[str, Case]:
    """Return the cases of this section."""
    return {
        _name(size, window, masking): partial(_loss, size, window, batch, masking)
        for size, window, batch in SETTINGS
        for masking in ("error", "images")
    }
