"""What a person is told while runs are trained: what begins and ends, and how long the rest will take."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable

from experiments.studies.planning.job import Job
from experiments.studies.planning.plan import Plan
from experiments.studies.running.commands import TRAIN
from experiments.studies.running.estimate import clock, expected_minutes, minutes_left


class Telling:
    """Says one line after the other.

    Args:
        plan: all runs.
        workers: how many of them at a time.
        say: takes a line.

    Attributes:
        measured: minutes of the runs that have been trained, by key.
    """

    def __init__(self, plan: Plan, workers: int, say: Callable[[str], None]) -> None:
        self.plan, self.workers, self.say = plan, workers, say
        self.measured: dict[tuple[int, str], float] = {}
        self._doing: dict[tuple[int, str], str] = {}

    def tell(self, text: str) -> None:
        """Say something with the time."""
        self.say(f"[{time.strftime('%H:%M:%S')}] {text}")

    def begin(self, finished: int, failed: int, waiting: Iterable[Job]) -> None:
        """Say what is to be done."""
        already = f", {finished} done already" if finished else ""
        unusable = f", {failed} not usable" if failed else ""
        self.tell(f"{len(self.plan.jobs)} runs{already}{unusable}; {self._outlook(waiting)}")

    def step(self, job: Job, name: str) -> None:
        """Say which command of a run begins."""
        self._doing[job.key] = name.replace("_", " ")
        self.tell(f"{job.title}: {self._doing[job.key]}")

    def done(self, job: Job, minutes: float, left: Iterable[Job]) -> None:
        """Say that a run has ended well, after so many minutes."""
        self.measured[job.key] = minutes
        self.tell(f"{job.title}: done in {clock(minutes)}; {self._outlook(left)}")

    def beat(self, running: Iterable[Job], waiting: Iterable[Job]) -> None:
        """Say what is going on."""
        running = list(running)
        steps = [(job, self._doing.get(job.key, "")) for job in running]
        each = [f"{job.title}: {step}{f' at step {_last_step(job)}' if step == TRAIN else ''}" for job, step in steps]
        self.tell(f"running {', '.join(each)}; {self._outlook([*waiting, *running])}")

    def _outlook(self, left: Iterable[Job]) -> str:
        left = list(left)
        if not left:
            return "nothing left"
        expected = expected_minutes(self.plan.jobs, self.measured)
        return f"{len(left)} to go, about {clock(minutes_left(left, expected, self.workers))}"


def _last_step(job: Job) -> str:
    """Return the last step that a training has logged."""
    try:
        with job.folder.metrics.open("rb") as file:
            file.seek(0, 2)
            file.seek(max(file.tell() - 2000, 0))
            return file.read().decode(errors="replace").splitlines()[-1].partition(",")[0]
    except (OSError, IndexError):
        return "0"
