"""The final numbers of a run: the last row of each logged metric, and what its evaluation has found."""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from experiments.ended_run import has_ended
from experiments.studies.running.children import last_line
from experiments.studies.running.lock import is_taken
from experiments.studies.running.record import read_record
from experiments.sweep.commands import SweepCommands, is_scored
from experiments.sweep.sweep_run import SweepRun
from seethrough.errors import SeethroughError

Status = Literal["finished", "failed", "running", "not finished", "not begun"]


@dataclass(frozen=True)
class RunScores:
    """What has become of a run."""

    job: SweepRun
    status: Status
    reason: str = ""
    """Why it is not finished."""
    metrics: Mapping[str, float] = field(default_factory=dict)
    """Of a finished one."""
    minutes: float | None = None
    """Of the clock, of its commands, where this machine has run them."""


def run_scores(job: SweepRun, failed: Mapping[str, str]) -> RunScores:
    """Return what has become of a run; ``failed`` has what just went wrong, by the run's key."""
    try:
        record = read_record(job.beside(".json"))
        minutes = sum(step.wall_seconds for step in record.steps.values()) / 60 or None
        done = job.key not in failed and SweepCommands().finished(job, record)
    except SeethroughError as error:
        return RunScores(job, "failed", str(error))
    if done:
        return RunScores(job, "finished", "", final_metrics(job), minutes)
    if job.key in failed:
        return RunScores(job, "failed", failed[job.key], {}, minutes)
    if is_taken(job.beside(".lock")):
        return RunScores(job, "running", "another process has it")
    if job.folder.config.is_file():
        what = "not scored" if has_ended(job.folder, job.composition) else "not at its end"
        return RunScores(job, "not finished", f"{what}; {last_line(job.beside('.log'))}".rstrip("; "), {}, minutes)
    said = last_line(job.beside(".log"))
    return RunScores(job, "failed" if said else "not begun", said)


def final_metrics(job: SweepRun) -> dict[str, float]:
    """Return the last value of every column of ``metrics.csv``, then the evaluation's as ``SPLIT/SUBSET/KEY``."""
    found: dict[str, float] = {}
    if job.folder.metrics.is_file():
        with job.folder.metrics.open(newline="", encoding="utf-8") as file:
            for row in csv.DictReader(file):
                found.update({key: float(value) for key, value in row.items() if key and value})
    metrics = {key: value for key, value in found.items() if key not in ("step", "epoch")}
    if job.evaluate and job.scores.is_file() and is_scored(job):
        metrics |= _flat(json.loads(job.scores.read_text(encoding="utf-8")), f"{job.evaluate}/")
    return metrics


def _flat(content: Mapping[str, Any], prefix: str) -> dict[str, float]:
    flat: dict[str, float] = {}
    for key, value in content.items():
        if isinstance(value, Mapping):
            flat |= _flat(value, f"{prefix}{key}/")
        elif isinstance(value, int | float) and not isinstance(value, bool):
            flat[prefix + key] = float(value)
    return flat
