"""How per-image loss values become one number."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, Literal

import torch
from torch import Tensor, distributed

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
    return sums * sums.shape[0] / shared_area(areas.sum())


_PROCESSES: ContextVar[int] = ContextVar("processes whose areas count", default=1)


@contextmanager
def areas_of_all_processes(processes: int) -> Iterator[None]:
    """Within, losses that divide by the area of a batch divide by the mean area of the batches of all processes.

    The mean of their gradients, which is what several processes train with, is then the gradient of one batch that
    holds all of theirs. Each process must compute the same losses in the same order.

    Args:
        processes: how many there are; 1 changes nothing.
    """
    token = _PROCESSES.set(processes)
    try:
        yield
    finally:
        _PROCESSES.reset(token)


def shared_area(area: Tensor) -> Tensor:
    """Return the () area in pixels that this batch's sum is divided by, at least one pixel in all.

    That is ``area`` itself, or within :func:`areas_of_all_processes` the mean over them, with its gradient.
    """
    processes = _PROCESSES.get()
    if processes == 1:
        return area.clamp_min(1.0)
    return _Total.apply(area.float()).clamp_min(1.0) / processes  # pyright: ignore


class _Total(torch.autograd.Function):
    """The sum over all processes, whose gradient is the sum of theirs."""

    @staticmethod
    def forward(ctx: Any, value: Tensor) -> Tensor:
        total = value.detach().clone()
        distributed.all_reduce(total)
        return total

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> Tensor:
        total = gradients[0].clone()
        distributed.all_reduce(total)
        return total


def check_images(first: Tensor, second: Tensor, mask: Tensor | None = None) -> None:
    """Raise ``ValueError`` unless two (B, 3, H, W) images and a (B, 1, H, W) mask fit together."""
    if first.ndim != 4 or first.shape[1] != 3 or first.shape != second.shape:
        raise ValueError(f"expected two (B, 3, H, W) images of one shape, got {_shape(first)} and {_shape(second)}")
    if mask is not None and mask.shape != (first.shape[0], 1, *first.shape[2:]):
        raise ValueError(f"expected a {(first.shape[0], 1, *first.shape[2:])} mask, got {_shape(mask)}")


def _shape(tensor: Tensor) -> tuple[int, ...]:
    return tuple(tensor.shape)
