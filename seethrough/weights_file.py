"""The one place where files of PyTorch are read: weights and plain settings, never code."""

from __future__ import annotations

import pickle
import warnings
import zipfile
from pathlib import Path
from typing import Any

import torch

from seethrough.errors import SeethroughError

EARLIER = "use an earlier one"
# What the restricted unpickler says of content that it knows and may not build, apart from bytes that are no pickle.
_FORBIDDEN = ("Unsupported global", "Unsupported class", "GLOBAL ", "Trying to ", "TorchScript")


def load_weights(path: str | Path, remedy: str = EARLIER, *, mmap: bool = False) -> Any:
    """Return what ``torch.save`` wrote, on the CPU; with ``weights_only=True``, so that it cannot run code.

    Args:
        path: file of any version of PyTorch's format.
        remedy: what to do about a file that is none, for messages.
        mmap: leave the tensors in the file until they are used; only files since PyTorch 1.6 can do that.

    Raises:
        SeethroughError: the file cannot be opened, is truncated, is something else, or holds more than weights.
    """
    path = Path(path)
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message="Detected pickle protocol")
            return torch.load(path, map_location="cpu", weights_only=True, mmap=mmap)
    except OSError as error:
        raise SeethroughError(f"{path} cannot be read ({error.strerror or error}): {remedy}") from None
    except Exception as error:  # torch raises whatever the bytes lead it to, from IndexError to struct.error
        if isinstance(error, pickle.UnpicklingError) and any(word in str(error) for word in _FORBIDDEN):
            raise SeethroughError(f"{path} holds more than weights and plain settings and is not loaded") from None
        raise SeethroughError(f"{path} is truncated or not a checkpoint ({_seen(path)}): {remedy}") from None


def _seen(path: Path) -> str:
    """Return what a file that torch cannot read looks like: torch's own words are about its parser."""
    with path.open("rb") as file:
        start = file.read(512)
    if not start:
        return "it is empty"
    if start.startswith(b"PK"):
        return "an archive without weights" if zipfile.is_zipfile(path) else "its end is missing"
    if start.isascii() and b"\0" not in start:
        return "it is text"
    return "its bytes are no weights"
