"""What a person is told while a sweep runs."""

from __future__ import annotations

import time
from collections.abc import Iterable

from experiments.studies.running.estimate import clock
from experiments.studies.running.lock import is_taken
from experiments.studies.running.telling import Telling


class SweepTelling(Telling):
    """As for studies; how long the rest takes is told from this sweep's own runs alone."""

    def __init__(self, *arguments, **options) -> None:
        super().__init__(*arguments, **options)
        self._minutes: list[float] = []

    def done(self, job, waiting, running) -> None:
        """Say that a run has ended well."""
        begun = self._begun.get(job.key)
        if begun is not None:
            self._minutes.append((time.monotonic() - begun) / 60)
        super().done(job, waiting, running)

    def _outlook(self, waiting: Iterable, running: Iterable) -> str:
        running = list(running)
        left = [*waiting, *running]
        if not left:
            return "nothing left"
        own = {job.key for job in running}
        others = sum(is_taken(job.beside(".lock")) for job in left if job.key not in own)
        shared = f" ({others} with another process)" if others else ""
        if not self._minutes:
            return f"{len(left)} to go{shared}"
        each = sum(self._minutes) / len(self._minutes)
        return f"{len(left)} to go{shared}, about {clock(each * len(left) / (self.workers + others))}"
