"""How long what is left will take, from what has been measured so far."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from experiments.studies.planning.job import Job

EVALUATION_MINUTES = 1.0
MISFIT_PRIOR_MINUTES = 1.5


def guessed_minutes(job: Job) -> float:
    """Return the catalogue's guess for all commands of a run."""
    extra = EVALUATION_MINUTES * job.run.evaluated + MISFIT_PRIOR_MINUTES * (job.run.evaluated and job.run.misfit_prior)
    return job.run.minutes + extra


def expected_minutes(jobs: Iterable[Job], measured: Mapping[tuple[int, str], float]) -> dict[tuple[int, str], float]:
    """Return the minutes that each run is expected to take, by its key.

    A run of another seed that has been measured tells most; otherwise the guess, corrected by how far the guesses were
    off where something has been measured.

    Args:
        jobs: the runs.
        measured: minutes of finished runs by key.
    """
    jobs = list(jobs)
    by_name: dict[str, list[float]] = {}
    for (_, name), minutes in measured.items():
        by_name.setdefault(name, []).append(minutes)
    known = [job for job in jobs if job.key in measured]
    guessed = sum(guessed_minutes(job) for job in known)
    factor = sum(measured[job.key] for job in known) / guessed if guessed else 1.0
    expected = {}
    for job in jobs:
        alike = by_name.get(job.name)
        expected[job.key] = sum(alike) / len(alike) if alike else guessed_minutes(job) * factor
    return expected


def minutes_left(remaining: Iterable[Job], expected: Mapping[tuple[int, str], float], workers: int) -> float:
    """Return the minutes until all is done: the work shared by the workers, or the longest chain if that is longer."""
    remaining = list(remaining)
    keys = {job.key for job in remaining}

    def chain(job: Job | None) -> float:
        if job is None or job.key not in keys:
            return 0.0
        return expected[job.key] + chain(job.begins_at)

    work = sum(expected[job.key] for job in remaining)
    return max(work / max(workers, 1), max((chain(job) for job in remaining), default=0.0))


def clock(minutes: float) -> str:
    """Return ``42 min`` or ``3 h 05 min``."""
    whole = max(round(minutes), 1)
    return f"{whole} min" if whole < 100 else f"{whole // 60} h {whole % 60:02d} min"
