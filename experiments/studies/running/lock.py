"""One process at a time on a run, whoever started it, however it ends."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from seethrough.errors import SeethroughError

POLL_SECONDS = 2.0


@contextmanager
def locked(path: Path, on_wait: Callable[[], None] = lambda: None) -> Iterator[int]:
    """Hold a lock on ``path`` and yield its file descriptor, for children to inherit.

    A child that inherited it keeps it as long as it lives: when the command that started a training is killed and
    started again, it waits for the orphan rather than training beside it into the same folder.

    Args:
        path: the lock file; made where it is missing, and left there.
        on_wait: called once if another process holds it.
    """
    try:
        import fcntl
    except ModuleNotFoundError:
        raise SeethroughError("studies need the file locks of Linux or macOS; Windows has none") from None
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        waited = False
        while True:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if not waited:
                    on_wait()
                waited = True
                time.sleep(POLL_SECONDS)
        yield descriptor
    finally:
        os.close(descriptor)
