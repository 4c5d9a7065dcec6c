"""How fast one core multiplies and copies: what every case is held to."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, partial

import numpy as np
import torch
from torch.nn import functional

SIDE, CHANNELS, PIXELS, COPIED = 1024, 256, 28, 1 << 24
"""Rows of the square matrices; of the convolution; float32 numbers that are copied, more than caches hold."""


@dataclass(frozen=True)
class Product:
    """A product that libraries do about as fast as the processor can.

    Attributes:
        name: what is multiplied, by what.
        dtype: of the numbers.
        run: does it.
        flop: additions and multiplications.
    """

    name: str
    dtype: torch.dtype
    run: Callable[[], object]
    flop: float


def products(dtype: torch.dtype) -> list[Product]:
    """Return products of matrices and a convolution; which of them is the fastest depends on processor and library."""
    ending = "" if dtype is torch.float32 else f" {str(dtype).removeprefix('torch.').replace('bfloat', 'bf')}"
    matrix = torch.ones(SIDE, SIDE, dtype=dtype)
    layout = {"dtype": dtype, "memory_format": torch.channels_last}
    image = torch.ones(2, CHANNELS, PIXELS, PIXELS).to(**layout)
    kernels = torch.ones(CHANNELS, CHANNELS, 3, 3).to(**layout)
    convolve = partial(functional.conv2d, image, kernels, padding=1)
    squares = f"product of {SIDE} x {SIDE} matrices"
    found = [
        Product(f"{squares}{ending}", dtype, lambda: matrix @ matrix, 2.0 * SIDE**3),
        Product(f"3 x 3 convolution{ending}", dtype, convolve, 2.0 * image.numel() * CHANNELS * 9),
    ]
    if dtype is torch.float32:
        array = matrix.numpy()
        found.append(Product(f"{squares} by NumPy", dtype, lambda: array @ array, 2.0 * SIDE**3))
    return found


@cache
def flop_per_second(dtype: torch.dtype = torch.float32) -> float:
    """Return how many operations one core does a CPU second in the fastest of :func:`products` (best of 5 runs)."""
    return max(product.flop / _best(product.run) for product in products(dtype))


@cache
def copy_bytes_per_second() -> float:
    """Return how many bytes one core reads and writes a second when it copies 64 MiB (best of 5 runs)."""
    return copied_bytes() / _best(copy())


def copy() -> Callable[[], object]:
    """Return a function that copies 64 MiB."""
    source = np.ones(COPIED, np.float32)
    return partial(np.copyto, np.empty_like(source), source)


def copied_bytes() -> float:
    """Return the bytes that :func:`copy` reads and writes."""
    return 2.0 * 4 * COPIED


def _best(function: Callable[[], object], repeats: int = 5) -> float:
    seconds = []
    for _ in range(repeats + 1):
        start = time.process_time()
        function()
        seconds.append(time.process_time() - start)
    return min(seconds[1:])
