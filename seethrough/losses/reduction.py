"""How per-image loss values become one number."""

from __future__ import annotations

from typing import Literal

from torch import Tensor

Reduction = Literal["mean", "sum", "none"]


def reduce_batch(values: Tensor, reduction: Reduction) -> Tensor:
    """Reduce (B,) values: their mean (0 for an empty batch), their sum, or the values themselves."""
    if reduction == "none":
        return values
    if reduction == "sum":
        return values.sum()
    if reduction == "mean":
        return values.sum() / max(values.shape[0], 1)
    raise ValueError(f"reduction must be mean, sum or none, got {reduction!r}")


def over_batch_area(sums: Tensor, areas: Tensor) -> Tensor:
    """Divide (B,) sums by the mean of the (B,) areas in pixels, so that the batch mean is all sums over all areas.

    One image with a tiny mask then weighs little, where an own divisor would make its few pixels count as much as a
    whole face. The divisor is at least one pixel in all: a batch of empty masks gives zero.
    """
    return sums * sums.shape[0] / areas.sum().clamp_min(1.0)


def check_images(first: Tensor, second: Tensor, mask: Tensor | None = None) -> None:
    """Raise ``ValueError`` unless two (B, 3, H, W) images and a (B, 1, H, W) mask fit together."""
    if first.ndim != 4 or first.shape[1] != 3 or first.shape != second.shape:
        raise ValueError(f"expected two (B, 3, H, W) images of one shape, got {_shape(first)} and {_shape(second)}")
    if mask is not None and mask.shape != (first.shape[0], 1, *first.shape[2:]):
        raise ValueError(f"expected a {(first.shape[0], 1, *first.shape[2:])} mask, got {_shape(mask)}")


def _shape(tensor: Tensor) -> tuple[int, ...]:
    return tuple(tensor.shape)
