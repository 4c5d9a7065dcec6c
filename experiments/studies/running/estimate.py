"""How long what is left will take, from what has been measured so far."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from statistics import median, median_high

from experiments.studies.planning.job import Job
from experiments.studies.running.commands import EVALUATE, TRAIN
from experiments.studies.running.record import RunRecord

EVALUATION_MINUTES = 1.0
MISFIT_PRIOR_MINUTES = 1.5
_LATEST, _SHORTEST_SECONDS = 5, 5.0
# A run that takes longer than expected is not done yet: so much of it is always left.
_LEFT_SHARE = 0.05

Key = tuple[int, str]


def guessed_minutes(job: Job) -> float:
    """Return the catalogue's guess for all commands of a run."""
    extra = EVALUATION_MINUTES * job.run.evaluated + MISFIT_PRIOR_MINUTES * (job.run.evaluated and job.run.misfit_prior)
    return job.run.minutes + extra


def measured_minutes(jobs: Iterable[Job], records: Mapping[Key, RunRecord]) -> dict[Key, float]:
    """Return the processor minutes of what has been trained and scored, of any seed of some runs, by key.

    Not those of the clock: it also runs while a machine sleeps, or has other work to do.
    """
    evaluated = {job.name: job.run.evaluated for job in jobs}
    return {
        (seed, name): record.cpu_minutes
        for (seed, name), record in records.items()
        if name in evaluated and record.done(TRAIN) and (record.done(EVALUATE) or not evaluated[name])
    }


def expected_minutes(jobs: Iterable[Job], measured: Mapping[Key, float]) -> dict[Key, float]:
    """Return the processor minutes that each run is expected to take from its beginning, by its key.

    The same run of other seeds tells most: the middle of them, and of two the longer, for one that was taken over half
    done was measured too short. Otherwise the guess counts, corrected as it was off in the middle of what was measured.

    Args:
        jobs: the runs.
        measured: processor minutes of finished runs by key, also of seeds that are not among ``jobs``.
    """
    jobs = list(jobs)
    guessed = {job.name: guessed_minutes(job) for job in jobs}
    by_name: dict[str, list[float]] = {}
    for (_, name), minutes in measured.items():
        by_name.setdefault(name, []).append(minutes)
    known = {name: median_high(minutes) for name, minutes in by_name.items()}
    ratios = [minutes / guessed[name] for name, minutes in known.items() if name in guessed]
    factor = median(ratios) if ratios else 1.0
    return {job.key: known.get(job.name, guessed[job.name] * factor) for job in jobs}


def clock_per_processor(records: Iterable[RunRecord]) -> float:
    """Return how many minutes of the clock go by here for one of the processor's: the middle of the latest commands.

    More than 1 where processes share a core, less where a command has several to itself; 1 while nothing is known.
    """
    steps = [step for record in records for step in record.steps.values()]
    steps = [step for step in steps if step.finished and min(step.cpu_seconds, step.wall_seconds) > _SHORTEST_SECONDS]
    latest = sorted(steps, key=lambda step: step.finished)[-_LATEST:]
    return median(step.wall_seconds / step.cpu_seconds for step in latest) if latest else 1.0


def remaining_minutes(
    jobs: Iterable[Job],
    records: Mapping[Key, RunRecord],
    under_way: Mapping[Key, float],
    again: Collection[str] = (),
) -> dict[Key, float]:
    """Return the minutes of the clock that each run still needs, by its key.

    Args:
        jobs: all runs of a plan.
        records: what is remembered of them and of other seeds, by key.
        under_way: minutes since the present command of a run began, by key.
        again: commands that are repeated, so that it does not help to have done them.
    """
    jobs = list(jobs)
    measured = measured_minutes(jobs, records)
    expected, pace = expected_minutes(jobs, measured), clock_per_processor(records.values())
    remaining = {}
    for job in jobs:
        steps = records[job.key].steps if job.key in records else {}
        spent = sum(step.cpu_seconds for name, step in steps.items() if name not in again) / 60
        complete = job.key in measured and not again
        left = 0.0 if complete else pace * (expected[job.key] - spent) - under_way.get(job.key, 0.0)
        remaining[job.key] = max(left, _LEFT_SHARE * pace * expected[job.key])
    return remaining


def minutes_left(remaining: Iterable[Job], expected: Mapping[Key, float], workers: int) -> float:
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
