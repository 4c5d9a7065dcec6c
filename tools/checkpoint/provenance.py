"""Where the weights of a checkpoint come from, and under which licence they may be passed on."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from seethrough.errors import SeethroughError

OPEN_LICENCE = "weights CC0 1.0 (trained on faces rendered from CC0 data), code MIT"
DESCRIBE = "python -m tools.checkpoint describe"


def provenance(
    options: argparse.Namespace, file: Path, checkpoint: Mapping[str, Any], steps: int, licensed: str | None
) -> dict[str, Any]:
    """Return command, commit, data, steps, licence and note.

    Args:
        options: what the command line says of them.
        file: the checkpoint.
        checkpoint: its content.
        steps: of the training.
        licensed: what the training has used that may bind the weights; None where all of it is open.

    Raises:
        SeethroughError: nobody says under which licence weights of other than open data may be used.
    """
    from experiments.provenance import commit

    earlier = checkpoint.get("provenance") or {}
    config = checkpoint.get("config") or {}
    licence = options.licence or earlier.get("licence") or (None if licensed else OPEN_LICENCE)
    if licence is None:
        raise SeethroughError(
            f"{file} was trained with {licensed}, whose licence may bind the weights: say under which "
            "licence they may be used with --licence TEXT"
        )
    trained = "; ".join(options.command or ()) or earlier.get("command")
    return {
        "command": trained or _command_again(file, config),
        "commit": checkpoint.get("commit") or earlier.get("commit") or f"{commit()} (when it was packed)",
        "data": options.data or earlier.get("data") or config.get("dataset") or "not told",
        "steps": steps,
        "licence": licence,
        "note": options.note or earlier.get("note"),
    }


def _command_again(file: Path, config: Mapping[str, Any]) -> str:
    """Return how the training is run again: from its folder's settings, else from those in the checkpoint."""
    beside = file.parent.parent / "config.yaml"
    if file.parent.name == "checkpoints" and beside.is_file():
        return f"python -m experiments.train {beside} name=NAME"
    if config:
        return f"python -m experiments.train trained_with.yaml name=NAME, as {DESCRIBE} --config prints it"
    return "not told"
