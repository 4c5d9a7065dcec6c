"""Files that are whole or not there, whenever the process that writes them is killed."""

from __future__ import annotations

import io
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

import numpy as np
from PIL import Image


def write_bytes(path: Path, content: bytes) -> None:
    """Write under another name in the same folder, then rename; the folder is made where it is missing.

    The other name holds the process number, so that two processes that write the same file do not meet.
    """
    partial = _partial(path)
    try:
        partial.write_bytes(content)
    except FileNotFoundError:
        path.parent.mkdir(parents=True, exist_ok=True)
        partial.write_bytes(content)
    os.replace(partial, path)


@contextmanager
def writing_text(path: Path) -> Iterator[TextIO]:
    """Open a text file that appears under its name when the block ends without an error."""
    with _writing(path) as partial, partial.open("w", encoding="utf-8", newline="\n") as file:
        yield file
        file.flush()
        os.fsync(file.fileno())


def write_array(path: Path, values: np.ndarray) -> None:
    """Write an array as a ``.npy`` file."""
    with _writing(path) as partial, partial.open("wb") as file:
        np.save(file, values, allow_pickle=False)


def remove_partial(folder: Path) -> None:
    """Remove what killed processes left below a folder; none may be writing there."""
    for parent, _, names in os.walk(folder):
        for name in names:
            if name.startswith(".") and name.endswith(".partial"):
                Path(parent, name).unlink(missing_ok=True)


def jpeg_bytes(pixels: np.ndarray, quality: int) -> bytes:
    """Encode (H, W, 3) uint8 RGB."""
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "JPEG", quality=quality)
    return buffer.getvalue()


def png_bytes(pixels: np.ndarray) -> bytes:
    """Encode (H, W) uint8 grey."""
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG", compress_level=6)
    return buffer.getvalue()


@contextmanager
def _writing(path: Path) -> Iterator[Path]:
    partial = _partial(path)
    try:
        yield partial
        os.replace(partial, path)
    finally:
        partial.unlink(missing_ok=True)


def _partial(path: Path) -> Path:
    return path.with_name(f".{path.name}.{os.getpid()}.partial")
