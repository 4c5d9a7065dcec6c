"""What happened to a photo: each stage with its status and its time."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

STAGES = (
    "read", "detect", "align", "predict", "refine", "write", "foundation", "bump", "mesh", "fill", "symmetry", "stitch",
    "texture", "pictures",
)  # fmt: skip

FACE_STAGES = STAGES[1 : STAGES.index("foundation")]
"""Those that an earlier run may have done; the photo is read again."""


class StageClock:
    """Times the stages of one face.

    A stage is ``ok``, ``failed``, ``reused``: an earlier run did it, or ``skipped``: not asked for, or not reached.
    """

    def __init__(self, stages: dict[str, dict[str, object]] | None = None) -> None:
        self._stages = {name: dict(row) for name, row in (stages or {}).items()}

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Time the block as stage ``name``; what it raises marks the stage as failed and goes on."""
        start, busy = time.perf_counter(), time.process_time()
        row = self._stages[name] = {"status": "failed", "seconds": 0.0}
        try:
            yield
            row["status"] = "ok"
        finally:
            row["seconds"] = round(time.perf_counter() - start, 4)
            row["cpu_seconds"] = round(time.process_time() - busy, 4)

    def reuse(self, *names: str) -> None:
        """Mark stages whose results an earlier run has left."""
        for name in names:
            self._stages[name] = {"status": "reused", "seconds": 0.0}

    def tell(self, name: str, note: str) -> None:
        """Add to a stage how it was done."""
        self._stages[name]["note"] = note

    def copy(self) -> StageClock:
        """Return a clock with the stages so far, for one of several faces of a photo."""
        return StageClock(self._stages)

    @property
    def failed(self) -> str | None:
        """The stage that failed, or None."""
        return next((name for name, row in self._stages.items() if row["status"] == "failed"), None)

    def table(self) -> dict[str, dict[str, object]]:
        """Return ``{stage: {status, seconds}}`` for every stage, in order; with ``cpu_seconds`` of this process where
        it was done, and some with a ``note``.
        """
        skipped = {"status": "skipped", "seconds": 0.0}
        return {name: dict(self._stages.get(name, skipped)) for name in STAGES}
