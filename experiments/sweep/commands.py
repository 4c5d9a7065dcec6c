"""The commands of a sweep's run: train, and evaluate where the sweep says so; and which of them are done."""

from __future__ import annotations

import sys
from pathlib import Path

import yaml

from experiments.config.yaml_loader import parse
from experiments.ended_run import has_ended
from experiments.resuming import MAY_CHANGE, changed
from experiments.studies.running.commands import EVALUATE, TRAIN, Step
from experiments.studies.running.record import RunRecord
from experiments.sweep.sweep_run import SweepRun
from seethrough.errors import SeethroughError


class SweepCommands:
    """What the runs of a sweep consist of; what is done is told by their folders, whoever has trained them."""

    def finished(self, job: SweepRun, record: RunRecord) -> bool:
        """See :class:`experiments.studies.running.commands.Commands`."""
        return not self.pending(job, record)

    def prepare(self, job: SweepRun) -> None:
        """Nothing: a training that goes on finds its own place."""

    def pending(self, job: SweepRun, record: RunRecord) -> list[Step]:
        """Return the commands that are still to be run, in order.

        Raises:
            SeethroughError: the run there was trained with other settings.
        """
        refuse_other_settings(job)
        trained = has_ended(job.folder, job.composition)
        steps = [] if trained else [Step(TRAIN, train_command(job))]
        if job.evaluate and not (trained and is_scored(job)):
            steps.append(Step(EVALUATE, evaluate_command(job)))
        return steps


def train_command(job: SweepRun) -> tuple[str, ...]:
    """Return the training's command; the same for its beginning and for going on."""
    return (sys.executable, "-m", "experiments.train", *train_words(job))


def train_words(job: SweepRun) -> list[str]:
    """Return what ``experiments.train`` is told: quiet, since what it says goes into a file."""
    quiet = "trainer.enable_progress_bar=false"
    place = [f"name={job.name}", f"out={job.root}", "resume=auto"]
    return [*job.names, *job.overrides, *([] if quiet in job.overrides else [quiet]), *place]


def evaluate_command(job: SweepRun) -> tuple[str, ...]:
    """Return the command that scores a run."""
    return (
        sys.executable, "-m", "experiments.evaluate", str(job.folder.path), "--split", str(job.evaluate),
        "--json", str(job.scores),
    )  # fmt: skip


def is_scored(job: SweepRun) -> bool:
    """Return whether a run has been scored since its training has ended."""
    return job.scores.is_file() and job.scores.stat().st_mtime >= job.folder.ended.stat().st_mtime


def refuse_other_settings(job: SweepRun) -> None:
    """Refuse a run that lies there and was begun with other settings.

    Raises:
        SeethroughError: names the first such setting.
    """
    if not job.folder.config.is_file():
        return
    composition = job.composition
    free = (*MAY_CHANGE, *composition.method.incidental, *composition.data_set.incidental)
    for key, old, new in changed(_saved(job.folder.config), composition.plain, free):
        raise SeethroughError(
            f"{job.folder.path} was trained with {key}={old!r}, and the sweep has {new!r}: "
            "remove it to train it anew, or choose another folder with --out"
        )


def _saved(path: Path) -> dict:
    try:
        content = parse(path.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError):
        content = None
    if not isinstance(content, dict):
        raise SeethroughError(f"{path} is broken: remove {path.parent} to train it anew")
    return content
