"""The start of a training: which folder it has, and what becomes of it where the training does not get under way."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable
from contextlib import suppress
from datetime import datetime
from pathlib import Path

import pytorch_lightning as pl
from pytorch_lightning.loggers import Logger

from experiments.config.composition import Composition, as_yaml
from experiments.loggers import remember_wandb_id
from experiments.processes import is_first_process, started_by_a_launcher
from experiments.run_folder import RunFolder
from seethrough.errors import SeethroughError

# Children that Lightning starts re-run the same command; a name made of the time would differ there.
_NAME_FOR_CHILDREN = "SEETHROUGH_RUN_NAME"


def plan_run(composition: Composition) -> RunFolder:
    """Return the folder that a training will have, without writing anything.

    Raises:
        SeethroughError: the folder exists and neither ``resume`` nor ``overwrite`` says what to do with it, or it is
            not ours to replace, or several processes were started without a common ``name``.
    """
    config = composition.config
    name = config.name or _name(composition)
    if Path(name).name != name or name in (".", ".."):
        raise SeethroughError(f"name={name} must be the name of a folder, not a path: out=FOLDER says where runs go")
    run = RunFolder(Path(config.out) / name)
    if not is_first_process() or not _occupied(run):
        return run
    if not run.config.is_file():
        raise SeethroughError(f"{run.path} exists and is no run folder: choose another name=NAME")
    if config.overwrite and config.resume:
        raise SeethroughError("resume and overwrite=true contradict each other: give one of them")
    if not config.overwrite and config.resume != "auto":
        raise SeethroughError(
            f"run {run.path} exists: resume=auto goes on with it, overwrite=true replaces it, name=NAME starts another"
        )
    return run


class RunStart(pl.Callback):
    """A run's folder while its training starts; of several processes only the first one writes.

    As a context it makes the folder, empty, so that a place that cannot be written is told before anything slow. What
    the folder holds comes with the first step, as does the end of a run that is replaced: a training that fails before
    leaves everything as it was.

    Args:
        run: the planned folder.
        composition: what is trained.
    """

    def __init__(self, run: RunFolder, composition: Composition) -> None:
        self.run, self.composition = run, composition
        self._first, self._kept = is_first_process(), False
        self._was_empty = not _occupied(run)
        self._replaced: dict[Path, tuple[int, ...]] = {}
        self._made: list[Path] = []

    def __enter__(self) -> RunStart:
        if self._first:
            path = self.run.path
            # What a logger writes before the first step is the new run's, under an old name or a new one.
            old = path.rglob("*") if self.composition.config.overwrite else ()
            self._replaced = {each: _state(each) for each in old}
            self._made = [folder for folder in (path, *path.parents) if not folder.exists()]
            try:
                path.mkdir(parents=True, exist_ok=True)
            except OSError as error:
                raise SeethroughError(f"cannot write run folder {path}: {error.strerror}") from None
        return self

    def __exit__(self, *_: object) -> None:
        if not self._first or self._kept or (self._was_empty and self.run.config.exists()):
            return
        if self._was_empty:
            for path in self.run.path.iterdir():
                shutil.rmtree(path, ignore_errors=True) if path.is_dir() else path.unlink(missing_ok=True)
        for folder in self._made:
            with suppress(OSError):  # somebody else has put something there
                folder.rmdir()

    def keep(self, loggers: Iterable[Logger] = ()) -> None:
        """Make the folders, write the config and under which id services know the run, once.

        Args:
            loggers: of the training.

        Raises:
            SeethroughError: they cannot be written, or another training has taken the folder.
        """
        if self._kept or not self._first:
            return
        if self._was_empty and self.run.config.exists():
            raise SeethroughError(f"another training has begun in {self.run.path}: give this one its own name=NAME")
        try:
            for path in sorted(self._replaced, reverse=True):  # what is in a folder before the folder
                if path.is_dir() and not path.is_symlink():
                    with suppress(OSError):
                        path.rmdir()
                elif os.path.lexists(path) and _state(path) == self._replaced[path]:
                    path.unlink()
            for folder in (self.run.checkpoints, self.run.images, self.run.meshes, self.run.report):
                folder.mkdir(parents=True, exist_ok=True)
            self.run.config.write_text(_header(self.run) + as_yaml(self.composition.lasting), encoding="utf-8")
            remember_wandb_id(loggers, self.run)
        except OSError as error:
            raise SeethroughError(f"cannot write run folder {self.run.path}: {error.strerror}") from None
        self._kept = True

    def on_before_optimizer_step(self, trainer: pl.Trainer, *_: object) -> None:
        """Keep the run: its first loss is known, and nothing is logged yet."""
        self.keep(trainer.loggers)

    def on_train_batch_end(self, trainer: pl.Trainer, *_: object) -> None:
        """Keep the run of a method that steps no optimiser of Lightning's."""
        self.keep(trainer.loggers)


def _occupied(run: RunFolder) -> bool:
    return run.path.exists() and (not run.path.is_dir() or any(run.path.iterdir()))


def _state(path: Path) -> tuple[int, ...]:
    """Return what tells a file, or a link itself, from one that was written since."""
    found = path.lstat()
    return found.st_ino, found.st_mtime_ns, found.st_size


def _header(run: RunFolder) -> str:
    command = f"python -m experiments.train {run.config} name=NAME"
    return f"# The resolved config of this run. To train it again:\n#   {command}\n"


def _name(composition: Composition) -> str:
    """Return a name that is free now, the same in every child process."""
    if _NAME_FOR_CHILDREN in os.environ and not is_first_process():
        return os.environ[_NAME_FOR_CHILDREN]
    if started_by_a_launcher():
        raise SeethroughError("several processes were started side by side: give their run a common name=NAME")
    if composition.config.resume == "auto":
        raise SeethroughError("resume=auto needs the name=NAME of the run to go on with")
    if os.environ.get("WANDB_SWEEP_ID") and os.environ.get("WANDB_RUN_ID"):
        return f"{composition.config.method}-{os.environ['WANDB_RUN_ID']}"  # agents begin within the same second
    stem = f"{composition.config.method}-{datetime.now():%Y%m%d-%H%M%S}"
    name, count = stem, 1
    while (Path(composition.config.out) / name).exists():
        count += 1
        name = f"{stem}-{count}"
    os.environ[_NAME_FOR_CHILDREN] = name
    return name
