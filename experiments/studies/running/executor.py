"""Running a plan: some runs at a time, each when the one that it begins at is there; a failure stops only its own."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field

from experiments.studies.planning.job import Job
from experiments.studies.planning.plan import Plan
from experiments.studies.running.children import Children
from experiments.studies.running.commands import EVALUATIONS, Commands, StudyCommands
from experiments.studies.running.lock import take
from experiments.studies.running.one_run import OneRun, forget_evaluations
from experiments.studies.running.record import read_record
from experiments.studies.running.telling import Telling
from seethrough.errors import SeethroughError

HEARTBEAT_SECONDS = 300.0
# How often a worker without anything else to do looks whether another process has given a run back.
POLL_SECONDS = 2.0
_STOPPING = (signal.SIGINT, signal.SIGTERM)


@dataclass
class Result:
    """What became of the runs.

    Attributes:
        done: finished, now or before.
        failed: run -> one line of what happened.
        left: not begun, because what they begin at failed.
        warnings: what went wrong without spoiling a run.
    """

    done: list[Job] = field(default_factory=list)
    failed: dict[tuple[int, str], str] = field(default_factory=dict)
    left: list[Job] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)


class Executor:
    """Runs the jobs of a plan.

    Several processes may run plans with the same runs at the same time: each goes on with what is ready and free, and
    comes back to what another one had.

    Args:
        plan: what to run.
        workers: how many runs at a time.
        threads: threads of each.
        evaluate_again: score finished runs once more.
        say: takes one line of progress.
        commands: what each run consists of; None for those of studies.
        telling: who tells of it, to ``say``; None for that of studies.
        places: variables of the environment, such as a GPU, that a command has to itself while it runs; as many as
            workers, or none.
    """

    def __init__(
        self, plan: Plan, workers: int = 1, threads: int = 1, *, evaluate_again: bool = False,
        say: Callable[[str], None] | None = None, commands: Commands | None = None, telling: type[Telling] = Telling,
        places: Sequence[Mapping[str, str]] = (),
    ) -> None:  # fmt: skip
        self.plan = plan
        self.workers = workers
        self.evaluate_again = evaluate_again
        self.commands = commands or StudyCommands()
        self.children = Children(threads, places)
        self.result = Result()
        say = say or (lambda line: print(line, flush=True))
        self._telling = telling(plan, workers, say, EVALUATIONS if evaluate_again else ())
        self._commands_of = OneRun(
            self.commands, self.children, self._telling, self.result.warnings, evaluate_again=evaluate_again
        )
        self._waiting: list[Job] = []
        self._elsewhere: set[tuple[int, str]] = set()
        self._running: dict[Future[str | None], Job] = {}

    def run(self) -> Result:
        """Run everything that is not done yet.

        Raises:
            KeyboardInterrupt: after Ctrl-C or a polite kill, when all trainings have saved.
        """
        self._waiting = self._unfinished()
        self._telling.begin(len(self.result.done), len(self.result.failed), self._waiting)
        # Also where a shell started us in the background with Ctrl-C ignored: children would inherit that.
        before = {number: signal.signal(number, signal.default_int_handler) for number in _STOPPING}
        pool = ThreadPoolExecutor(self.workers)
        try:
            while self._waiting or self._running:
                self._start(pool)
                for future in self._wait():
                    self._finish(future)
                if time.monotonic() - self._telling.last >= HEARTBEAT_SECONDS:
                    self._telling.beat(self._running.values(), self._waiting)
        except KeyboardInterrupt:
            self._telling.say("stopping: the running commands save and end; the same command goes on later")
            self.children.stop()
            self._wait_for_the_end()
            raise
        finally:
            pool.shutdown(wait=True)
            for number, handler in before.items():
                signal.signal(number, handler)
        return self.result

    def _wait_for_the_end(self) -> None:
        """Wait until what is running has saved; a second Ctrl-C ends it at once."""
        try:
            wait(self._running)
        except KeyboardInterrupt:
            self._telling.say("ending the running commands at once: they go on from what they saved last")
            self.children.kill()

    def _unfinished(self) -> list[Job]:
        """Return the jobs with something to do; those that cannot be looked at fail here."""
        unfinished = []
        for job in self.plan.jobs:
            try:
                record = read_record(job.beside(".json"))
                if self.evaluate_again and job.run.evaluated:
                    forget_evaluations(record)  # in the file only when this process holds the run
                finished = self.commands.finished(job, record)
            except SeethroughError as error:
                self._fail(job, str(error))
                continue
            if finished:
                self.result.done.append(job)
            else:
                unfinished.append(job)
        return unfinished

    def _start(self, pool: ThreadPoolExecutor) -> None:
        """Start what is ready and free while there are workers, and give up what can never be."""
        done = {job.key for job in self.result.done}
        for job in list(self._waiting):
            parent = job.begins_at
            if parent is not None and (parent.key in self.result.failed or parent in self.result.left):
                self._waiting.remove(job)
                self.result.left.append(job)
            elif len(self._running) < self.workers and (parent is None or parent.key in done):
                self._take(job, pool)

    def _take(self, job: Job, pool: ThreadPoolExecutor) -> None:
        """Start a run, unless another process has it."""
        try:
            held = take(job.beside(".lock"))
        except SeethroughError as error:
            self._waiting.remove(job)
            self._fail(job, str(error))
            return
        if held is not None:
            self._waiting.remove(job)
            self._elsewhere.discard(job.key)
            self._running[pool.submit(self._commands_of.run, job, held)] = job
        elif job.key not in self._elsewhere:
            self._elsewhere.add(job.key)
            self._telling.elsewhere(job)

    def _wait(self) -> set[Future[str | None]]:
        """Return runs that have ended; none when it is time to say something, or to look at what others have."""
        idle = self._elsewhere and len(self._running) < self.workers
        seconds = POLL_SECONDS if idle else HEARTBEAT_SECONDS
        if self._running:
            return wait(self._running, seconds, FIRST_COMPLETED).done
        if idle:
            time.sleep(seconds)
        return set()

    def _finish(self, future: Future[str | None]) -> None:
        job = self._running.pop(future)
        problem = future.result()
        if problem is not None:
            self._fail(job, problem)
            return
        self.result.done.append(job)
        self._telling.done(job, self._waiting, self._running.values())

    def _fail(self, job: Job, problem: str) -> None:
        self.result.failed[job.key] = problem
        self._telling.tell(f"{job.title}: FAILED, {problem}")
