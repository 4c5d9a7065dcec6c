"""What a table came from: commits, machine, seeds, time."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self

from experiments.studies.planning.job import Job
from experiments.studies.running.record import read_record


@dataclass(frozen=True)
class Provenance:
    """Where the numbers of a report come from.

    Attributes:
        command: what made the report.
        quick: the numbers mean nothing.
        runs: how many have been trained, those that others begin at included.
        planned: how many there are to be.
        seeds: of those that have been trained.
        commits: of the checkout when their commands were started; ``+``: with uncommitted changes.
        machines: processor, cores and PyTorch of each.
        cpu_minutes: of training, misfit priors and evaluation.
    """

    command: str
    quick: bool
    runs: int
    planned: int
    seeds: list[int]
    commits: list[str]
    machines: list[str]
    cpu_minutes: float

    @classmethod
    def of(cls, command: str, jobs: Iterable[Job], quick: bool) -> Self:
        """Read it from the records of runs."""
        jobs = list(jobs)
        records = {job.key: read_record(job.beside(".json")) for job in jobs}
        trained = [job for job in jobs if records[job.key].done("train")]
        steps = [step for job in jobs for step in records[job.key].steps.values()]
        return cls(
            command=command,
            quick=quick,
            runs=len(trained),
            planned=len(jobs),
            seeds=sorted({job.seed for job in trained}),
            commits=sorted({commit for step in steps for commit in step.commit.split()}),
            machines=sorted({step.machine for step in steps if step.machine}),
            cpu_minutes=round(sum(step.cpu_seconds for step in steps) / 60, 1),
        )

    def markdown(self) -> str:
        """Return it as lines of Markdown."""
        commits, machines = ", ".join(self.commits) or "unknown", "; ".join(self.machines) or "unknown"
        seeds = f"seed{'s' if len(self.seeds) > 1 else ''} {', '.join(map(str, self.seeds)) or 'none'}"
        lines = [
            f"Made by `{self.command}`.",
            f"Runs: {self.runs} of {self.planned}; {seeds}.",
            f"Commit{'s' if len(self.commits) > 1 else ''}: {commits} (`+`: with uncommitted changes).",
            f"Machine: {machines}.",
            f"Time: {self.cpu_minutes:.0f} CPU-minutes of training, misfit priors and evaluation.",
        ]
        if self.quick:
            lines.insert(0, "**At the size of a test: these numbers mean nothing.**")
        return "\n".join(f"- {line}" for line in lines) + "\n"
