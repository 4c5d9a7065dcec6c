"""What a person is told while runs are trained: what begins and ends, and how long the rest will take."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Collection, Iterable, Sequence

from experiments.studies.planning.job import Job
from experiments.studies.planning.plan import Plan
from experiments.studies.running.commands import TRAIN
from experiments.studies.running.estimate import Key, clock, minutes_left, remaining_minutes
from experiments.studies.running.lock import is_taken
from experiments.studies.running.record import RunRecord, read_record
from seethrough.errors import SeethroughError


class Telling:
    """Says one line after the other.

    Args:
        plan: all runs.
        workers: how many of them at a time.
        say: takes a line.
        again: commands that are repeated for finished runs.
    """

    def __init__(self, plan: Plan, workers: int, say: Callable[[str], None], again: Collection[str] = ()) -> None:
        self.plan, self.workers, self.say, self.again = plan, workers, say, again
        self.last = time.monotonic()
        self._doing: dict[Key, tuple[str, float]] = {}
        self._begun: dict[Key, float] = {}

    def tell(self, text: str) -> None:
        """Say something with the time."""
        self.last = time.monotonic()
        self.say(f"[{time.strftime('%H:%M:%S')}] {text}")

    def begin(self, finished: int, failed: int, waiting: Iterable[Job]) -> None:
        """Say what is to be done."""
        runs = len(self.plan.jobs)
        already = f"{finished} done before, " if finished else ""
        unusable = f"{failed} not usable, " if failed else ""
        self.tell(f"{runs} run{'s' * (runs != 1)}: {already}{unusable}{self._outlook(waiting, ())}")

    def step(self, job: Job, name: str) -> None:
        """Say which command of a run begins."""
        now = time.monotonic()
        self._doing[job.key] = name.replace("_", " "), now
        self._begun.setdefault(job.key, now)
        self.tell(f"{job.title}: {self._doing[job.key][0]}")

    def elsewhere(self, job: Job) -> None:
        """Say that another process has a run."""
        self.tell(f"{job.title}: another process runs it; going on with others until it is free")

    def done(self, job: Job, waiting: Iterable[Job], running: Iterable[Job]) -> None:
        """Say that a run has ended well."""
        begun = self._begun.pop(job.key, None)
        self._doing.pop(job.key, None)
        how = "done by another process" if begun is None else f"done in {clock((time.monotonic() - begun) / 60)}"
        self.tell(f"{job.title}: {how}; {self._outlook(waiting, running)}")

    def beat(self, running: Iterable[Job], waiting: Sequence[Job]) -> None:
        """Say what is going on."""
        running = list(running)
        if running:
            doing = f"running {' and '.join(f'{job.title} ({self._state(job)})' for job in running)}"
        else:
            taken = [job.title for job in waiting if is_taken(job.beside(".lock"))]
            doing = f"waiting for another process to end {' and '.join(taken)}" if taken else "waiting"
        self.tell(f"{doing}; {self._outlook(waiting, running)}")

    def _state(self, job: Job) -> str:
        step, _ = self._doing.get(job.key, ("looking at what is done", 0.0))
        return f"{step}, step {_last_step(job)}" if step == TRAIN else step

    def _outlook(self, waiting: Iterable[Job], running: Iterable[Job]) -> str:
        running = list(running)
        left = [*waiting, *running]
        if not left:
            return "nothing left"
        own = {job.key for job in running}
        # Whoever has one of these runs is a worker too.
        others = sum(is_taken(job.beside(".lock")) for job in left if job.key not in own)
        now = time.monotonic()
        under_way = {key: (now - since) / 60 for key, (_, since) in self._doing.items() if key in own}
        remaining = remaining_minutes(self.plan.jobs, self._records(), under_way, self.again)
        shared = f" ({others} with another process)" if others else ""
        return f"{len(left)} to go{shared}, about {clock(minutes_left(left, remaining, self.workers + others))}"

    def _records(self) -> dict[Key, RunRecord]:
        """Return what is remembered now of these runs and of other seeds of them: processes may share their folder."""
        records = {}
        for root in {job.root for job in self.plan.jobs}:
            for path in root.glob("seed*/*.json"):
                seed = path.parent.name.removeprefix("seed")
                if seed.isdecimal():
                    with contextlib.suppress(SeethroughError):
                        records[int(seed), path.stem] = read_record(path)
        return records


def _last_step(job: Job) -> str:
    """Return the last step that a training has logged."""
    try:
        with job.folder.metrics.open("rb") as file:
            file.seek(0, 2)
            file.seek(max(file.tell() - 2000, 0))
            return file.read().decode(errors="replace").splitlines()[-1].partition(",")[0]
    except (OSError, IndexError):
        return "0"
