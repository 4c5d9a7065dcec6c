"""Checkpoint files that survive whatever happens to the process or the machine, and noticing those that did not."""

from __future__ import annotations

import os
import zipfile
import zlib
from pathlib import Path
from typing import Any, BinaryIO

import torch
from lightning_fabric.plugins.io.torch_io import TorchCheckpointIO

PARTIAL = ".partial"
"""Ending of a file that is still being written."""


class DurableCheckpoints(TorchCheckpointIO):
    """Write a checkpoint under a temporary name, force it to the disk, and only then give it its own name.

    A failure is kept instead of raised: only the first process writes, and the others wait for it.

    Attributes:
        failure: why the last checkpoint was not written; empty where it was.
    """

    def __init__(self) -> None:
        self.failure = ""

    def save_checkpoint(self, checkpoint: dict[str, Any], path: str | Path, storage_options: Any = None) -> None:
        """Write ``checkpoint``; see :attr:`failure`."""
        self.failure = ""
        try:
            write_durably(checkpoint, Path(path))
        except OSError as error:
            self.failure = error.strerror or str(error)


class _Sink:
    """What torch writes into: it would turn an ``OSError`` into one of its own that says nothing of the reason."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.error: OSError | None = None

    def write(self, data: Any) -> int:
        try:
            return self._file.write(data)
        except OSError as error:
            self.error = error
            raise

    def flush(self) -> None:
        self._file.flush()


def write_durably(content: dict[str, Any], target: Path) -> None:
    """Write a checkpoint so that ``target`` is always a whole one: the old one, or the new one.

    Raises:
        OSError: it cannot be written; ``target`` is as it was, and nothing is left of the attempt.
    """
    partial = target.with_name(target.name + PARTIAL)
    sink: _Sink | None = None
    try:
        partial.parent.mkdir(parents=True, exist_ok=True)
        with partial.open("wb") as file:
            sink = _Sink(file)
            torch.save(content, sink)
            file.flush()
            os.fsync(file.fileno())
        os.replace(partial, target)
        _remember_names(target.parent)
    except (OSError, RuntimeError) as error:
        partial.unlink(missing_ok=True)
        cause = sink.error if sink is not None and sink.error is not None else error
        if isinstance(cause, OSError):
            raise cause from None
        raise


def remove_partial_files(folder: Path) -> None:
    """Remove what a process that was killed while it wrote has left."""
    for path in folder.glob("*" + PARTIAL):
        path.unlink(missing_ok=True)


def damage(file: Path) -> str:
    """Return what is wrong with the bytes of a checkpoint, empty where all are as they were written.

    Torch itself notices a file that is cut off, but takes changed bytes for weights: it writes checksums and does not
    compare them.
    """
    try:
        with zipfile.ZipFile(file) as archive:
            bad = archive.testzip()
    except (zipfile.BadZipFile, zlib.error, OSError, EOFError, NotImplementedError) as error:
        if isinstance(error, OSError):
            return error.strerror or "it cannot be read"
        return "it is empty" if not file.stat().st_size else "it is cut off, or no checkpoint"
    return f"bytes of '{bad}' have changed" if bad else ""


def _remember_names(folder: Path) -> None:
    """Force a folder's list of names to the disk, where the file system can."""
    try:
        descriptor = os.open(folder, os.O_RDONLY)
    except OSError:
        return
    try:
        os.fsync(descriptor)
    except OSError:
        pass
    finally:
        os.close(descriptor)
