"""Workers for the tests of sharing chunks, importable by other processes."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any


def make_telling() -> Callable[[int], Any]:
    """Return a worker that tells its chunk, its process and its number of threads."""
    return lambda chunk: (chunk, os.getpid(), os.environ["OMP_NUM_THREADS"])


def make_dying() -> Callable[[int], Any]:
    """Return a worker that takes its process with it."""
    return lambda chunk: os._exit(3)
