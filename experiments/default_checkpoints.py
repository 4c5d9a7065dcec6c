"""The checkpoints that come along, by the names that stand for them wherever a run is named."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from lightning_modules.bump import packing as bump
from lightning_modules.checkpoint_reading import checkpoint_file
from lightning_modules.focus import packing as focus

DEFAULTS: dict[str, Callable[[], Path]] = {
    focus.DEFAULT: lambda: focus.default_checkpoint(),
    bump.DEFAULT_RUN: lambda: bump.default_checkpoint(),
}
"""Name -> function that returns the packed file and raises ``SeethroughError`` where there is none."""


def named_checkpoint(path: str | Path) -> Path:
    """Return the checkpoint file that is meant: one that comes along, ``path`` itself, or the newest of a run folder.

    Raises:
        SeethroughError: there is none.
    """
    packed = DEFAULTS.get(str(path))
    return checkpoint_file(path) if packed is None else packed()
