"""Packed checkpoints: one small file with half-precision weights, their settings, and where they come from."""

from __future__ import annotations

import io
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from seethrough.errors import SeethroughError

LARGEST_MEGABYTES = 25
FORMAT = "seethrough packed checkpoint 1"
PROVENANCE = ("command", "commit", "data", "steps", "licence", "note")
_HALF_LIMIT = torch.finfo(torch.float16).max


def packed(checkpoint: Mapping[str, Any], provenance: Mapping[str, Any]) -> dict[str, Any]:
    """Return what packed files of all methods hold: neither optimisers nor loops, and weights at half precision.

    Args:
        checkpoint: a training state, or a packed checkpoint that is packed again.
        provenance: command, commit, data, steps, licence, note.
    """
    return {
        "format": FORMAT,
        "state_dict": {name: halved(value) for name, value in checkpoint["state_dict"].items()},
        "hyper_parameters": dict(checkpoint["hyper_parameters"]),
        "config": checkpoint.get("config"),
        "provenance": {key: provenance.get(key) for key in PROVENANCE},
    }


def halved(tensor: Any) -> Any:
    """Return a matrix or kernel as float16; vectors (biases, statistics of normalisation) cost nothing and stay exact.

    So does what float16 cannot hold, and what is no tensor.
    """
    if not isinstance(tensor, Tensor):
        return tensor
    if not tensor.is_floating_point() or tensor.ndim < 2:
        return tensor.detach().cpu().clone()
    fits = bool(torch.isfinite(tensor).all()) and float(tensor.abs().max() if tensor.numel() else 0) < _HALF_LIMIT
    return (tensor.detach().half() if fits else tensor.detach()).cpu().contiguous().clone()


def write_checkpoint(content: Mapping[str, Any], file: Path, largest_megabytes: float | None = None) -> int:
    """Write a checkpoint in one piece and return its size in bytes.

    Raises:
        SeethroughError: it is larger than allowed, or cannot be written.
    """
    buffer = io.BytesIO()
    torch.save(dict(content), buffer)
    data = buffer.getvalue()
    if largest_megabytes is not None and len(data) > largest_megabytes * 1e6:
        raise SeethroughError(
            f"packed, the checkpoint has {len(data) / 1e6:.1f} MB and {largest_megabytes:g} MB are allowed: train "
            "narrower networks"
        )
    temporary = file.with_name(file.name + ".partial")
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        temporary.write_bytes(data)
        os.replace(temporary, file)
    except OSError as error:
        raise SeethroughError(f"cannot write {file}: {error.strerror}") from None
    return len(data)
