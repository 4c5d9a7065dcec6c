"""From a run folder to its checkpoint, and from the file to its content, for every method."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from lightning_modules.checkpointing import checkpoints_in
from seethrough.errors import SeethroughError
from seethrough.weights_file import load_weights

TRAIN = "train one with `make demo` or experiments.train"


def checkpoint_file(path: str | Path, remedy: str = TRAIN) -> Path:
    """Return a checkpoint file: ``path`` itself, or the newest one of a run folder.

    Raises:
        SeethroughError: there is none; ``remedy`` says what to do about a path where nothing is.
    """
    path = Path(path)
    if path.is_file():
        return path
    if not path.is_dir():
        raise SeethroughError(f"no run folder or checkpoint at {path}: {remedy}")
    found = checkpoints_in(path / "checkpoints") or checkpoints_in(path)
    if not found:
        raise SeethroughError(f"no checkpoint in {path / 'checkpoints'}: has the training saved one yet?")
    return found[-1][1]


def read_checkpoint(file: Path) -> dict[str, Any]:
    """Read a checkpoint, which cannot run code; raises ``SeethroughError`` for whatever else a file may be."""
    checkpoint = load_weights(file)
    if not isinstance(checkpoint, dict):
        raise SeethroughError(f"{file} is not a checkpoint: it holds a {type(checkpoint).__name__}")
    return checkpoint
