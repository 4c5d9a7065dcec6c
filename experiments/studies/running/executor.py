"""Running a plan: some runs at a time, each when the one that it begins at is there; a failure stops only its own."""

from __future__ import annotations

import os
import signal
import time
import traceback
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from datetime import datetime

from experiments.provenance import commit
from experiments.studies.planning.job import Job
from experiments.studies.planning.plan import Plan
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
from experiments.studies.running.lock import take
from experiments.studies.running.record import RunRecord, read_record
from experiments.studies.running.telling import Telling
from seethrough.errors import SeethroughError

HEARTBEAT_SECONDS = 300.0
# How often a worker without anything else to do looks whether another process has given a run back.
POLL_SECONDS = 2.0
_EVALUATIONS = (EVALUATE, PLAIN_FACES, POSITION_PRIOR, ROUNDS)
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
        say = say or (lambda line: print(line, flush=True))
        self._telling = Telling(plan, workers, say, _EVALUATIONS if evaluate_again else ())
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
            self._running[pool.submit(self._job, job, held)] = job
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

    def _job(self, job: Job, held: int) -> str | None:
        """Run the commands of one run, whose lock is ``held``; returns what went wrong, or None."""
        try:
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
        finally:
            os.close(held)

    def _step(self, job: Job, step: Step, record: RunRecord, held: int) -> str | None:
        log = job.beside(".log")
        self._telling.step(job, step.name)
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
        self._telling.tell(f"{job.title}: {problem}; going on without")
        return None

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


def _forget_evaluations(record: RunRecord) -> None:
    for step in _EVALUATIONS:
        record.forget(step)
