"""Section ``ceilings``: what the machine does at best, one matrix product and one copy, to which all else is held."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

import torch

from tools.benchmark.ceilings import SIDE, copied_bytes, copy, product, product_flop
from tools.benchmark.measuring import Measurement, Times, summarise
from tools.benchmark.registry import Case

PRODUCTS = {f"product of {SIDE} x {SIDE} matrices{name}": dtype
            for name, dtype in (("", torch.float32), (" bf16", torch.bfloat16))}  # fmt: skip
COPY = f"copy of {copied_bytes() / 2e6:.0f} MB"


def _product(name: str, dtype: torch.dtype) -> Measurement:
    times, multiply = Times(), product(dtype)
    multiply()
    for _ in range(15):
        times.take(multiply)
    return summarise("ceilings", name, times, Times(), flop=product_flop(), dtype=dtype)


def _copy() -> Measurement:
    times, once = Times(), copy()
    once()
    for _ in range(15):
        times.take(once)
    return summarise("ceilings", COPY, times, Times(), bytes_moved=copied_bytes())


def cases() -> Mapping[str, Case]:
    """Return the cases of this section."""
    return {**{name: partial(_product, name, dtype) for name, dtype in PRODUCTS.items()}, COPY: _copy}
