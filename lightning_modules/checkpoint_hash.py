"""What tells the weights of one checkpoint from those of another under the same path."""

from __future__ import annotations

import hashlib
from pathlib import Path


def hash_of_weights(checkpoint: Path | None) -> str:
    """Return the first half of the SHA-256 of a checkpoint file; empty without one."""
    if checkpoint is None:
        return ""
    with checkpoint.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()[:32]
