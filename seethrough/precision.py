"""Geometry in float32, whatever the networks around it compute in."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, ParamSpec, TypeVar

import torch
from torch import Tensor

from seethrough.morphable.parameters import FaceParameters

P = ParamSpec("P")
R = TypeVar("R")

_HALF = (torch.bfloat16, torch.float16)


def in_full_precision(function: Callable[P, R]) -> Callable[P, R]:
    """Let a function compute at least in float32 inside of ``torch.autocast`` too.

    Half-precision tensors and :class:`FaceParameters` among its arguments become float32; float64 stays. bfloat16 keeps
    8 bits: a face one metre away would move in steps of 4 to 8 mm, a pixel coordinate of 200 in steps of one.
    """
    call: Callable[..., R] = function  # the arguments are exchanged for others of the same types

    @wraps(function)
    def guarded(*arguments: P.args, **named: P.kwargs) -> R:
        device = _device_of(*arguments, *named.values())
        raised = [_at_least_float32(value) for value in arguments]
        raised_names = {name: _at_least_float32(value) for name, value in named.items()}
        if device is not None and _autocasts(device.type):
            with torch.autocast(device.type, enabled=False):
                return call(*raised, **raised_names)
        return call(*raised, **raised_names)

    return guarded


def _autocasts(device_type: str) -> bool:
    return torch.amp.is_autocast_available(device_type) and torch.is_autocast_enabled(device_type)


def _at_least_float32(value: Any) -> Any:
    if isinstance(value, FaceParameters):
        return FaceParameters(*(_at_least_float32(tensor) for tensor in value))
    return value.float() if isinstance(value, Tensor) and value.dtype in _HALF else value


def _device_of(*values: Any) -> torch.device | None:
    for value in values:
        if isinstance(value, FaceParameters):
            return value.identity.device
        if isinstance(value, Tensor):
            return value.device
    return None
