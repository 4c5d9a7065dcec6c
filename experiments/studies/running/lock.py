"""One process at a time on a run, whoever started it, however it ends."""

from __future__ import annotations

import os
from pathlib import Path

from seethrough.errors import SeethroughError


def take(path: Path) -> int | None:
    """Take the lock on ``path``; returns its file descriptor, for children to inherit, or None if another has it.

    A child that inherited it keeps it as long as it lives, after its parent has given it back with ``os.close`` or was
    killed: when a command that was killed is started again, it does not train beside its orphan into the same folder.

    Args:
        path: the lock file; made where it is missing, and left there.

    Raises:
        SeethroughError: the file cannot be made, or this system has no such locks.
    """
    try:
        import fcntl
    except ModuleNotFoundError:
        raise SeethroughError("studies need the file locks of Linux or macOS; Windows has none") from None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    except OSError as error:
        raise SeethroughError(f"cannot write {path}: {error.strerror}") from None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        return None
    return descriptor


def is_taken(path: Path) -> bool:
    """Return whether somebody has the lock on ``path``."""
    if not path.exists():
        return False
    descriptor = take(path)
    if descriptor is not None:
        os.close(descriptor)
    return descriptor is None
