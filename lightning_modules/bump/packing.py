"""The packed checkpoint of the bump translator."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from lightning_modules import packing
from lightning_modules.bump.training_view import KEY, TrainingView
from seethrough.errors import SeethroughError

DEFAULT = "default"
"""The name of the checkpoint that lies in the package, where a translator is asked for."""
DEFAULT_RUN = "default_bump"
"""Its name where any run may be meant."""
DEFAULT_FILE = Path(__file__).resolve().parent / "data" / "default.pt"


def default_checkpoint() -> Path:
    """Return the packed translator that comes with the package; raises ``SeethroughError`` where there is none."""
    if not DEFAULT_FILE.is_file():
        raise SeethroughError(
            f"there is no default translator at {DEFAULT_FILE}: train one with `python -m experiments.train "
            "preset/bump_small data/detail name=mine` and name runs/mine instead"
        )
    return DEFAULT_FILE


def packed(checkpoint: Mapping[str, Any], provenance: Mapping[str, Any], view: TrainingView) -> dict[str, Any]:
    """Return what a packed file holds (:func:`lightning_modules.packing.packed`), and how images must look.

    Args:
        checkpoint: a training state, or a packed checkpoint that is packed again.
        provenance: command, commit, data, steps, licence, note.
        view: crop and size of the training images.
    """
    result = packing.packed(checkpoint, provenance)
    return result | {KEY: view.as_dict(), "global_step": int(checkpoint.get("global_step", 0))}
