"""What a table came from: commits, machine, seeds, time."""

from __future__ import annotations

from collections.abc import Iterable

from experiments.studies.planning.job import Job
from experiments.studies.running.record import read_record


def provenance(command: str, jobs: Iterable[Job], quick: bool) -> str:
    """Return Markdown lines: the command, what was run, from which commits, on which machines, in which time.

    Args:
        command: what made the report.
        jobs: the runs behind it, those that they begin at included.
        quick: say that the numbers mean nothing.
    """
    jobs = list(jobs)
    records = {job.key: read_record(job.beside(".json")) for job in jobs}
    trained = [job for job in jobs if records[job.key].done("train")]
    steps = [step for job in jobs for step in records[job.key].steps.values()]
    commits = sorted({commit for step in steps for commit in step.commit.split()}) or ["unknown"]
    machines = sorted({step.machine for step in steps if step.machine}) or ["unknown"]
    minutes = sum(step.cpu_seconds for step in steps) / 60
    lines = [
        f"Made by `{command}`.",
        f"Runs: {len(trained)} of {len(jobs)}; seeds {_numbers(job.seed for job in trained)}.",
        f"Commit{'s' if len(commits) > 1 else ''}: {', '.join(commits)} (`+`: with uncommitted changes).",
        f"Machine: {'; '.join(machines)}.",
        f"Time: {minutes:.0f} CPU-minutes of training, misfit priors and evaluation.",
    ]
    if quick:
        lines.insert(0, "**At the size of a test: these numbers mean nothing.**")
    return "\n".join(f"- {line}" for line in lines) + "\n"


def _numbers(numbers: Iterable[int]) -> str:
    return ", ".join(map(str, sorted(set(numbers)))) or "none"
