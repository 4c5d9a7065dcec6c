"""The packed checkpoint of FOCUS: both networks, the face model that they belong to, and their misfit prior."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from torch import Tensor

from lightning_modules import packing
from seethrough.errors import SeethroughError

DEFAULT = "default"
"""The name of the checkpoint that lies in the package; a run folder of that name is ``runs/default``."""
DEFAULT_FILE = Path(__file__).resolve().parent / "data" / "default.pt"


def default_checkpoint() -> Path:
    """Return the packed checkpoint that comes with the package; raises ``SeethroughError`` where there is none."""
    if not DEFAULT_FILE.is_file():
        raise SeethroughError(
            f"there is no default checkpoint at {DEFAULT_FILE}: train a network with `python -m experiments.train "
            "focus preset/small data/synthetic name=mine` and name runs/mine instead"
        )
    return DEFAULT_FILE


def packed(
    checkpoint: Mapping[str, Any],
    provenance: Mapping[str, Any],
    signature: Tensor,
    misfit_prior: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Return what a packed file holds (:func:`lightning_modules.packing.packed`), and what its networks need.

    Args:
        checkpoint: a training state, or a packed checkpoint that is packed again.
        provenance: command, commit, data, steps, licence, note.
        signature: of the fitted face model, :func:`~lightning_modules.focus.model_signature.model_signature`.
        misfit_prior: what ``misfit_prior.pt`` holds.
    """
    result = packing.packed(checkpoint, provenance)
    result |= {"em_step": int(checkpoint["em_step"]), "face_model_signature": signature}
    if misfit_prior is not None:
        result["misfit_prior"] = dict(misfit_prior)
    return result
