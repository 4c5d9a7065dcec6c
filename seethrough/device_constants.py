"""Numbers that live on a device: copying them there anew makes the host wait for a GPU each time."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

_KEPT: dict[tuple[Any, torch.dtype, torch.device], Tensor] = {}


def device_constant(values: Any, dtype: torch.dtype, device: torch.device) -> Tensor:
    """Return the tensor of some numbers, the same one in every call; it must not be written to.

    Args:
        values: a number, or tuples of numbers as ``torch.tensor`` takes them.
        dtype: of the tensor.
        device: of the tensor.
    """
    if torch.compiler.is_compiling():  # a graph that is being recorded keeps constants of its own
        return torch.tensor(values, dtype=dtype, device=device)
    key = (values, dtype, device)
    if key not in _KEPT:
        # Made outside of inference mode, so that training can use what a prediction has left here.
        with torch.inference_mode(False):
            tensor = torch.tensor(values, dtype=dtype, device=device)
        if type(tensor) is not Tensor:  # a stand-in that only some tracer understands
            return tensor
        _KEPT[key] = tensor
    return _KEPT[key]


def constant_like(values: Any, tensor: Tensor) -> Tensor:
    """Return :func:`device_constant` with dtype and device of ``tensor``."""
    return device_constant(values, tensor.dtype, tensor.device)
