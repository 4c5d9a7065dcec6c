"""How fast one core multiplies and copies: what every case is held to."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import cache, partial

import numpy as np
import torch

SIDE, COPIED = 1024, 1 << 24
"""Rows of the square matrices; float32 numbers that are copied, more than caches hold."""


@cache
def copy_bytes_per_second() -> float:
    """Return how many bytes one core reads and writes a second when it copies 64 MB (best of 5)."""
    return copied_bytes() / _best(copy())


@cache
def flop_per_second(dtype: torch.dtype = torch.float32) -> float:
    """Return how many operations one core does a CPU second in a product of 1024 x 1024 matrices (best of 5)."""
    return product_flop() / _best(product(dtype))


def copy() -> Callable[[], object]:
    """Return a function that copies 64 MB."""
    source = np.ones(COPIED, np.float32)
    return partial(np.copyto, np.empty_like(source), source)


def product(dtype: torch.dtype) -> Callable[[], object]:
    """Return a function that multiplies two matrices of 1024 x 1024."""
    matrix = torch.ones(SIDE, SIDE, dtype=dtype)
    return lambda: matrix @ matrix


def copied_bytes() -> float:
    """Return the bytes that :func:`copy` reads and writes."""
    return 2.0 * 4 * COPIED


def product_flop() -> float:
    """Return the additions and multiplications of :func:`product`."""
    return 2.0 * SIDE**3


def _best(function: Callable[[], object], repeats: int = 5) -> float:
    seconds = []
    for _ in range(repeats + 1):
        start = time.process_time()
        function()
        seconds.append(time.process_time() - start)
    return min(seconds[1:])
