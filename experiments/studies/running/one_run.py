"""The commands of one run, one after the other, in a thread of its own."""

from __future__ import annotations

import os
import traceback
from datetime import datetime

from experiments.provenance import commit
from experiments.studies.planning.job import Job
from experiments.studies.running.children import Children, last_line
from experiments.studies.running.commands import EVALUATIONS, OPTIONAL, Commands, Step
from experiments.studies.running.record import RunRecord, read_record
from experiments.studies.running.telling import Telling
from seethrough.errors import SeethroughError


class OneRun:
    """Runs what is pending of a run.

    Args:
        commands: what runs consist of.
        children: starts them.
        telling: who tells of it.
        warnings: takes what went wrong without spoiling a run.
        evaluate_again: score finished runs once more.
    """

    def __init__(
        self, commands: Commands, children: Children, telling: Telling, warnings: list[str], *, evaluate_again: bool
    ) -> None:  # fmt: skip
        self.commands, self.children, self.telling = commands, children, telling
        self.warnings, self.evaluate_again = warnings, evaluate_again

    def run(self, job: Job, held: int) -> str | None:
        """Run the commands of one run, whose lock is ``held``; returns what went wrong, or None."""
        try:
            record = read_record(job.beside(".json"))
            if self.evaluate_again and job.run.evaluated:
                forget_evaluations(record)
                record.write(job.beside(".json"))
            self.commands.prepare(job)
            tried: set[str] = set()
            while not self.children.stopping:
                steps = [s for s in self.commands.pending(job, record) if s.name not in record.failed]
                if not steps:
                    return None
                name = steps[0].name
                if name in tried:
                    problem = self._failure(job, name, record, "ended well, and has left nothing that counts as done")
                else:
                    problem = self._step(job, steps[0], record, held)
                    tried.add(name)
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
        self.telling.step(job, step.name)
        started_from = "-".join(commit().split())  # before it starts: the checkout may move on meanwhile
        outcome = self.children.run(step.command, log, held)
        succeeded = outcome.code == 0
        finished = datetime.now().isoformat(timespec="seconds") if succeeded else ""
        record.add(step.name, outcome.wall_seconds, outcome.cpu_seconds, finished, commit=started_from)
        record.write(job.beside(".json"))
        if succeeded or self.children.stopping:
            return None
        return self._failure(job, step.name, record, f"ended with exit code {outcome.code}: {last_line(log)}")

    def _failure(self, job: Job, step: str, record: RunRecord, how: str) -> str | None:
        """Return what went wrong, or go on without a command that a run can be reported without."""
        problem = f"{step} {how} (all of it: {job.beside('.log')})"
        if step not in OPTIONAL:
            return problem
        record.failed.add(step)
        self.warnings.append(f"{job.title}: {problem}")
        self.telling.tell(f"{job.title}: {problem}; going on without")
        return None


def forget_evaluations(record: RunRecord) -> None:
    """Forget that a run has been scored."""
    for step in EVALUATIONS:
        record.forget(step)
