"""Running a plan: some runs at a time, each when the one that it begins at is there; a failure stops only its own."""

from __future__ import annotations

import signal
import time
import traceback
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from datetime import datetime

from experiments.provenance import commit
from experiments.studies.planning.plan import Job, Plan
from experiments.studies.running.children import Children, last_line
from experiments.studies.running.commands import (
    EVALUATE,
    OPTIONAL,
    PLAIN_FACES,
    POSITION_PRIOR,
    ROUNDS,
    TRAIN,
    Step,
    clear_unbegun,
    pending_steps,
)
from experiments.studies.running.estimate import clock, expected_minutes, minutes_left
from experiments.studies.running.lock import locked
from experiments.studies.running.record import RunRecord, read_record
from seethrough.errors import SeethroughError

HEARTBEAT_SECONDS = 300.0
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

    Args:
        plan: what to run.
        workers: how many runs at a time.
        threads: threads of each.
        evaluate_again: score finished runs once more.
        say: takes one line of progress.
    """

    def __init__(
        self, plan: Plan, workers: int = 1, threads: int = 1, *, evaluate_again: bool = False,
        say: Callable[[str], None] | None = None,
    ) -> None:  # fmt: skip
        self.plan = plan
        self.workers = workers
        self.evaluate_again = evaluate_again
        self.children = Children(threads)
        self.result = Result()
        self._say = say or (lambda line: print(line, flush=True))
        self._measured: dict[tuple[int, str], float] = {}
        self._doing: dict[tuple[int, str], str] = {}
        self._waiting: list[Job] = []
        self._running: dict[Future[str | None], Job] = {}

    def run(self) -> Result:
        """Run everything that is not done yet.

        Raises:
            KeyboardInterrupt: after Ctrl-C or a polite kill, when all trainings have saved.
        """
        self._waiting = self._unfinished()
        self._announce()
        # Also where a shell started us in the background with Ctrl-C ignored: children would inherit that.
        before = {number: signal.signal(number, signal.default_int_handler) for number in _STOPPING}
        pool = ThreadPoolExecutor(self.workers)
        try:
            while self._waiting or self._running:
                self._start(pool)
                finished, _ = wait(self._running, HEARTBEAT_SECONDS, FIRST_COMPLETED)
                for future in finished:
                    self._finish(future)
                if not finished:
                    self._beat()
        except KeyboardInterrupt:
            self._say("stopping: the running commands save and end; the same command goes on later")
            self.children.stop()
            raise
        finally:
            pool.shutdown(wait=True)
            for number, handler in before.items():
                signal.signal(number, handler)
        return self.result

    def _unfinished(self) -> list[Job]:
        """Return the jobs with something to do; those that cannot be looked at fail here."""
        unfinished = []
        for job in self.plan.jobs:
            try:
                record = read_record(job.beside(".json"))
                if record.done(TRAIN):
                    self._measured[job.key] = _minutes(record)
                if self.evaluate_again and job.run.evaluated:
                    _forget_evaluations(record)  # in the file only when this process holds the run
                # A training that has yet to begin may still lack its checkpoint to begin at: not looked at here.
                finished = record.done(TRAIN) and not pending_steps(job, record)
            except SeethroughError as error:
                self._fail(job, str(error))
                continue
            if finished:
                self.result.done.append(job)
            else:
                unfinished.append(job)
        return unfinished

    def _start(self, pool: ThreadPoolExecutor) -> None:
        """Start what is ready while there are free workers, and give up what can never be."""
        done = {job.key for job in self.result.done}
        for job in list(self._waiting):
            parent = job.begins_at
            if parent is not None and (parent.key in self.result.failed or parent in self.result.left):
                self._waiting.remove(job)
                self.result.left.append(job)
            elif len(self._running) < self.workers and (parent is None or parent.key in done):
                self._waiting.remove(job)
                self._running[pool.submit(self._job, job)] = job

    def _job(self, job: Job) -> str | None:
        """Run the commands of one run; returns what went wrong, or None."""
        try:
            with locked(
                job.beside(".lock"), lambda: self._tell(f"{job.title}: waiting, another process runs it")
            ) as held:
                record = read_record(job.beside(".json"))
                if self.evaluate_again and job.run.evaluated:
                    _forget_evaluations(record)
                    record.write(job.beside(".json"))
                clear_unbegun(job)
                while not self.children.stopping:
                    steps = [s for s in pending_steps(job, record) if s.name not in record.failed]
                    if not steps:
                        return None
                    problem = self._step(job, steps[0], record, held)
                    if problem is not None:
                        return problem
                return "stopped"
        except SeethroughError as error:
            return str(error)
        except Exception as error:  # a fault of ours in one run must not end the others
            with job.beside(".log").open("a", encoding="utf-8") as log:
                traceback.print_exc(file=log)
            return f"{type(error).__name__}: {error} (all of it: {job.beside('.log')})"

    def _step(self, job: Job, step: Step, record: RunRecord, held: int) -> str | None:
        log = job.beside(".log")
        self._doing[job.key] = step.name.replace("_", " ")
        self._tell(f"{job.title}: {self._doing[job.key]}")
        started_from = "-".join(commit().split())  # before it starts: the checkout may move on meanwhile
        outcome = self.children.run(step.command, log, held)
        succeeded = outcome.code == 0
        finished = datetime.now().isoformat(timespec="seconds") if succeeded else ""
        record.add(step.name, outcome.wall_seconds, outcome.cpu_seconds, finished, commit=started_from)
        record.write(job.beside(".json"))
        if succeeded or self.children.stopping:
            return None
        problem = f"{step.name} ended with exit code {outcome.code}: {last_line(log)} (all of it: {log})"
        if step.name not in OPTIONAL:
            return problem
        record.failed.add(step.name)
        self.result.warnings.append(f"{job.title}: {problem}")
        self._tell(f"{job.title}: {problem}; going on without")
        return None

    def _finish(self, future: Future[str | None]) -> None:
        job = self._running.pop(future)
        problem = future.result()
        if problem is not None:
            self._fail(job, problem)
            return
        self._measured[job.key] = _minutes(read_record(job.beside(".json")))
        self.result.done.append(job)
        self._tell(f"{job.title}: done in {clock(self._measured[job.key])}; {self._outlook()}")

    def _fail(self, job: Job, problem: str) -> None:
        self.result.failed[job.key] = problem
        self._tell(f"{job.title}: FAILED, {problem}")

    def _announce(self) -> None:
        finished, failed = len(self.result.done), len(self.result.failed)
        already = f", {finished} done already" if finished else ""
        unusable = f", {failed} not usable" if failed else ""
        self._tell(f"{len(self.plan.jobs)} runs{already}{unusable}; {self._outlook()}")

    def _beat(self) -> None:
        doing = [self._doing.get(job.key, "") for job in self._running.values()]
        running = [
            f"{job.title}: {step}" + (f" at step {_steps_done(job)}" if step == TRAIN else "")
            for job, step in zip(self._running.values(), doing, strict=True)
        ]
        self._tell(f"running {', '.join(running)}; {self._outlook()}")

    def _outlook(self) -> str:
        left = [*self._waiting, *self._running.values()]
        if not left:
            return "nothing left"
        expected = expected_minutes(self.plan.jobs, self._measured)
        return f"{len(left)} to go, about {clock(minutes_left(left, expected, self.workers))}"

    def _tell(self, text: str) -> None:
        self._say(f"[{time.strftime('%H:%M:%S')}] {text}")


def _forget_evaluations(record: RunRecord) -> None:
    for step in (EVALUATE, PLAIN_FACES, POSITION_PRIOR, ROUNDS):
        record.forget(step)


def _minutes(record: RunRecord) -> float:
    return sum(step.wall_seconds for step in record.steps.values()) / 60


def _steps_done(job: Job) -> str:
    """Return the last step that a training has logged."""
    try:
        with job.folder.metrics.open("rb") as file:
            file.seek(0, 2)
            file.seek(max(file.tell() - 2000, 0))
            return file.read().decode(errors="replace").splitlines()[-1].partition(",")[0]
    except (OSError, IndexError):
        return "0"
