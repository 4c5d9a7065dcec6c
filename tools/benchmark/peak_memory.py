"""The largest resident memory of this process since it was last asked to forget."""

from __future__ import annotations

import ctypes
import gc
import re
import resource
import sys
from contextlib import suppress
from pathlib import Path

_STATUS, _FORGET = Path("/proc/self/status"), Path("/proc/self/clear_refs")


def forget_peak() -> None:
    """Let the next peak be that of what is done from now on; only Linux can (``man 5 proc_pid_clear_refs``)."""
    with suppress(OSError):
        _FORGET.write_text("5")


def release_memory() -> None:
    """Give back what is free, so that it does not count in what is measured next; only glibc can."""
    gc.collect()
    with suppress(AttributeError, OSError):
        ctypes.CDLL(None).malloc_trim(0)


def peak_memory_mb() -> float:
    """Return the largest resident memory since :func:`forget_peak`, or since the process began, MB."""
    with suppress(OSError):
        found = re.search(r"^VmHWM:\s*(\d+) kB$", _STATUS.read_text(), re.MULTILINE)
        if found:
            return int(found[1]) / 2**10
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / 2**20 if sys.platform == "darwin" else peak / 2**10
