"""Section ``ceilings``: what the machine does at best, products and a copy, to which all else is held."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

import torch

from tools.benchmark.ceilings import Product, copied_bytes, copy, products
from tools.benchmark.measuring import Measurement, Times, summarise
from tools.benchmark.registry import Case

COPY = f"copy of {copied_bytes() / 2e6:.0f} MB"
ROUNDS = 15


def _times(function: Callable[[], object]) -> Times:
    times = Times()
    function()
    for _ in range(ROUNDS):
        times.take(function)
    return times


def _multiplied(product: Product) -> Measurement:
    return summarise("ceilings", product.name, _times(product.run), Times(), flop=product.flop, dtype=product.dtype)


def _copied() -> Measurement:
    return summarise("ceilings", COPY, _times(copy()), Times(), bytes_moved=copied_bytes())


def cases() -> Mapping[str, Case]:
    """Return the cases of this section."""
    found = [product for dtype in (torch.float32, torch.bfloat16) for product in products(dtype)]
    return {**{product.name: partial(_multiplied, product) for product in found}, COPY: _copied}
