"""The commands that a run consists of: train, misfit prior, evaluate; and which of them are done."""

from __future__ import annotations

import shutil
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import yaml

from experiments.config.composition import as_yaml
from experiments.config.yaml_loader import parse
from experiments.evaluation.row_files import read_columns
from experiments.resuming import changed
from experiments.studies.planning.job import Job
from experiments.studies.running.record import RunRecord
from seethrough.errors import SeethroughError

TRAIN, ROUNDS, MISFIT_PRIOR = "train", "rounds", "misfit_prior"
PLAIN_FACES, EVALUATE, POSITION_PRIOR = "plain_faces", "evaluate", "position_prior"
EVALUATIONS = (EVALUATE, PLAIN_FACES, POSITION_PRIOR, ROUNDS)
# Without these a run can still be reported.
OPTIONAL = (ROUNDS, MISFIT_PRIOR, PLAIN_FACES, POSITION_PRIOR)
_PLAIN = ("data.scene.detail=0", "data.out_of_distribution_identities=0")
# What may differ between a finished run and the same run planned anew.
_FREE = (
    "checkpoint", "logger", "wandb", "out", "name", "resume", "overwrite", "allow_changes", "trainer", "data.folder",
    "data.workers", "data.render_processes", "data.validation_size", "data.test_size", "data.test_identities",
    "data.out_of_distribution_identities",
)  # fmt: skip


@dataclass(frozen=True)
class Step:
    """One command of a run."""

    name: str
    command: tuple[str, ...]


class Commands(Protocol):
    """What the runs of a plan consist of."""

    def finished(self, job: Any, record: RunRecord) -> bool:
        """Return whether nothing is left to do; raises ``SeethroughError`` for what lies there and is not this run."""
        ...

    def prepare(self, job: Any) -> None:
        """Make a run's place ready; called by the one process that has the run."""
        ...

    def pending(self, job: Any, record: RunRecord) -> list[Step]:
        """Return the commands that are still to be run, in order; raises as :meth:`finished`."""
        ...


class StudyCommands:
    """Those of the studies."""

    def finished(self, job: Job, record: RunRecord) -> bool:
        """See :class:`Commands`; a training yet to begin may still lack its checkpoint to begin at: not looked at."""
        return record.done(TRAIN) and not pending_steps(job, record)

    def prepare(self, job: Job) -> None:
        """See :func:`clear_unbegun`."""
        clear_unbegun(job)

    def pending(self, job: Job, record: RunRecord) -> list[Step]:
        """See :func:`pending_steps`."""
        return pending_steps(job, record)


def pending_steps(job: Job, record: RunRecord) -> list[Step]:
    """Return the commands that are still to be run, in order.

    A command is done when it has succeeded and what it made is there and is not older than what it was made from.

    Raises:
        SeethroughError: the run there was trained with other settings.
    """
    refuse_other_settings(job)
    steps = []
    trained = record.done(TRAIN) and job.folder.newest_checkpoint() is not None
    if not trained:
        steps.append(Step(TRAIN, train_command(job)))
    if not job.run.evaluated:
        return steps
    stale, folder = bool(steps), str(job.folder.path)
    prior = job.run.misfit_prior and MISFIT_PRIOR not in record.failed
    if prior and (stale or not record.done(MISFIT_PRIOR) or not job.misfit_prior_file.is_file()):
        steps.append(Step(MISFIT_PRIOR, _python("tools.misfit_prior", folder, *job.run.misfit_options)))
        stale = True
    # The usual test set last: the run keeps the summary of its latest evaluation.
    evaluations = [(PLAIN_FACES, job.plain_rows_file, _PLAIN)] if job.run.plain_faces else []
    for name, file, overrides in [*evaluations, (EVALUATE, job.rows_file, ())]:
        done = record.done(name) and _newer(file, job.misfit_prior_file)
        if stale or not done or not _of_these_pictures(job, overrides, file):
            steps.append(Step(name, _python("experiments.evaluate", folder, *overrides, "--rows", str(file))))
    if job.run.position_prior:
        file = job.position_prior_file
        if not (trained and record.done(POSITION_PRIOR) and _of_these_pictures(job, (), file)):
            steps.append(Step(POSITION_PRIOR, _python("experiments.studies.masks.position_prior", folder, str(file))))
    scored = record.done(ROUNDS) and all(
        job.round_file(step).is_file() and _of_these_pictures(job, (), job.round_file(step)) for step in job.rounds
    )
    if job.rounds and not (trained and scored):
        checkpoints = [str(job.checkpoint(step)) for step in job.rounds]
        steps.append(Step(ROUNDS, _python("experiments.studies.em_rounds.score", folder, *checkpoints)))
    return steps


def train_command(job: Job) -> tuple[str, ...]:
    """Return the training's command: from its own newest checkpoint, or from the one that it branches off at."""
    words = [*job.names, *job.settings, f"name={job.name}", f"out={job.parent_folder}"]
    words.append(f"checkpoint.milestones=[{','.join(map(str, job.milestones))}]")
    if job.folder.newest_checkpoint() is not None:
        words.append("resume=auto")
    elif job.begins_at is not None:
        checkpoint = job.begins_at.checkpoint(job.begins_at.last_step)
        words += [f"resume={checkpoint}", "allow_changes=true"]
    return _python("experiments.train", *words)


def clear_unbegun(job: Job) -> None:
    """Remove a run folder in which nothing was saved before it was cut off; a training would refuse it."""
    folder = job.folder
    if folder.config.is_file() and folder.newest_checkpoint() is None:
        shutil.rmtree(folder.path)


def refuse_other_settings(job: Job) -> None:
    """Refuse a run that lies there and was begun with other settings.

    Settings that the version of then did not have are not compared.

    Raises:
        SeethroughError: names the first such setting.
    """
    if not job.folder.config.is_file() or job.folder.newest_checkpoint() is None:
        return
    try:
        before = parse(job.folder.config.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError):
        before = None
    if not isinstance(before, dict):
        raise SeethroughError(f"{job.folder.config} is broken: remove {job.folder.path} to train it anew")
    for key, old, new in changed(before, job.composition.plain, _FREE):
        if _has(before, key):
            raise SeethroughError(
                f"{job.folder.path} was trained with {key}={old!r}, and is planned with {new!r}: "
                "remove it to train it anew, or choose another folder with --runs"
            )


def _has(config: dict, key: str) -> bool:
    value = config
    for part in key.split("."):
        if not isinstance(value, dict) or part not in value:
            return False
        value = value[part]
    return True


def _newer(made: Path, source: Path) -> bool:
    if not made.is_file():
        return False
    return not source.is_file() or made.stat().st_mtime >= source.stat().st_mtime


def _of_these_pictures(job: Job, overrides: tuple[str, ...], file: Path) -> bool:
    """Return whether rows were measured on the pictures that an evaluation would take now."""
    try:
        return set(read_columns(file)["set"].tolist()) == {test_pictures(job, overrides)}
    except SeethroughError:
        return False


def test_pictures(job: Job, overrides: tuple[str, ...]) -> str:
    """Return the name of the test pictures that an evaluation of a run takes, with its version of the generator."""
    composition = job.folder.composition((), overrides)
    # The people of the test are the same for every seed; what draws them is large, so it is loaded once.
    settings = as_yaml({**composition.plain["data"], "seed": 0})
    if settings not in _known_sets:
        from experiments.building import build_data, set_name

        _known_sets[settings] = set_name(build_data(composition), "test")
    return _known_sets[settings]


_known_sets: dict[str, str] = {}


def _python(module: str, *words: str) -> tuple[str, ...]:
    return (sys.executable, "-m", module, *words)
