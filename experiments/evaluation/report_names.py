"""What reports of evaluations are called, so that those of different pictures never overwrite each other."""

from __future__ import annotations

import re
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Literal

from experiments.config.composition import Composition
from seethrough.errors import SeethroughError

if TYPE_CHECKING:
    from experiments.run_folder import RunFolder

Split = Literal["test", "validation"]
LOADING = ("batch_size", "workers", "root")
"""Settings of data that do not change which pictures are evaluated."""


def is_own_data(folder: RunFolder, composition: Composition) -> bool:
    """Return whether an evaluation reads the data that the run was made with, however they are loaded."""
    try:
        own = folder.composition().plain
    except SeethroughError:
        return False  # a network by itself need not say which data it learned from

    def which(plain: dict[str, Any]) -> dict[str, Any]:
        return {key: value for key, value in plain["data"].items() if key not in LOADING}

    return own["dataset"] == composition.plain["dataset"] and which(own) == which(composition.plain)


def report_name(composition: Composition, set_name: str, *, own: bool, split: Split, variant: str) -> str:
    """Return what an evaluation's files in ``report`` are called: no two sets of pictures share a name.

    ``evaluation``, of the run's own data; ``evaluation_ar_scarf_1f2e3d4c`` of others: their name, subset if one is
    chosen, and a digest of what tells the pictures apart. ``_validation`` and the ``variant``, such as
    ``_adapted``, are added where they hold.
    """
    parts = ["evaluation"]
    if not own:
        subset = re.sub(r"[^A-Za-z0-9-]+", "-", getattr(composition.config.data, "subset", ""))
        told = set_name or repr(sorted(composition.plain["data"].items()))
        parts += [composition.config.dataset, *([subset] if subset else []), sha256(told.encode()).hexdigest()[:8]]
    parts += ["validation"] * (split == "validation") + ([variant] if variant else [])
    return "_".join(parts)
