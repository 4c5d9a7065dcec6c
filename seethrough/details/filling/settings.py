"""Settings of hole filling."""

from __future__ import annotations

from dataclasses import dataclass

from seethrough.details.filling.search import NEAREST, PRESETS
from seethrough.errors import SeethroughError

TOGETHER = 64
"""References that fill a hole together unless said otherwise: the fewest of 16, 32, 64 and 100 that are as good as all
100 on validation people (``python -m experiments.filling_study REFERENCES --choose``)."""

SHRINKAGE = 1.0
"""Of the references' mean energy: how strongly their weights are drawn towards those of the plain mean; chosen
with :data:`TOGETHER`."""


@dataclass(frozen=True)
class FillSettings:
    """How holes are filled.

    Attributes:
        preset: how references are compared, one of :data:`seethrough.details.filling.search.PRESETS`.
        k: references on the short list by viewpoint.
        together: how many of them, best first, fill the hole together (:mod:`seethrough.details.filling.mixing`); 1
            is the paper's way, a single one; None takes :data:`TOGETHER` with ``default`` and 1 with ``paper``.
        shrinkage: how strongly their weights are drawn towards equal ones; 0 trusts the visible face alone.
        references_at_most: how many further ones, best first, may fill what is left, each a part of its own.
        least_share: of the hole, that a further reference has to cover to be used.
        widen: share of the crop's side by which the hole is widened first: a translator sees some pixels across an
            occluder's outline, and its bumps beside one are not to be trusted. These pixels change; others never do.

    Raises:
        SeethroughError: impossible values.
    """

    preset: str = "default"
    k: int = NEAREST
    together: int | None = None
    shrinkage: float = SHRINKAGE
    references_at_most: int = 4
    least_share: float = 0.01
    widen: float = 0.0

    def __post_init__(self) -> None:
        """Refuse impossible values."""
        if self.preset not in PRESETS:
            raise SeethroughError(f"unknown search preset {self.preset!r}: choose one of {', '.join(PRESETS)}")
        for name in ("k", "together", "references_at_most"):
            if getattr(self, name) is not None and getattr(self, name) < 1:
                raise SeethroughError(f"{name}={getattr(self, name)} must be at least 1")
        if not 0 <= self.least_share <= 1:
            raise SeethroughError(f"least_share={self.least_share} must lie between 0 and 1")
        if not 0 <= self.shrinkage < float("inf"):
            raise SeethroughError(f"shrinkage={self.shrinkage} must not be negative")
        if not 0 <= self.widen <= 0.1:
            raise SeethroughError(f"widen={self.widen} must lie between 0 and 0.1 of the crop's side")

    @property
    def mixed(self) -> int:
        """How many references fill a hole together."""
        return self.together or (TOGETHER if self.preset == "default" else 1)
