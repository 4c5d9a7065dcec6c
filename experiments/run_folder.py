"""The folder that holds everything of one run: config, metrics, checkpoints, pictures, meshes, reports."""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from experiments.config.composition import Composition, as_yaml, compose
from experiments.processes import is_first_process, started_by_a_launcher
from lightning_modules.checkpointing import checkpoints_in
from lightning_modules.focus.packing import DEFAULT
from seethrough.errors import SeethroughError

# Children that Lightning starts re-run the same command; a name made of the time would differ there.
_NAME_FOR_CHILDREN = "SEETHROUGH_RUN_NAME"


@dataclass(frozen=True)
class RunFolder:
    """Paths inside ``runs/<name>/``."""

    path: Path

    @property
    def name(self) -> str:
        """The name of the run."""
        return self.path.name

    @property
    def config(self) -> Path:
        """The resolved config; composes to itself."""
        return self.path / "config.yaml"

    @property
    def metrics(self) -> Path:
        """One row of metrics a logged step."""
        return self.path / "metrics.csv"

    @property
    def checkpoints(self) -> Path:
        """Training states."""
        return self.path / "checkpoints"

    @property
    def images(self) -> Path:
        """Pictures made while training."""
        return self.path / "images"

    @property
    def meshes(self) -> Path:
        """Meshes made while training."""
        return self.path / "meshes"

    @property
    def report(self) -> Path:
        """Tables, and what evaluation writes."""
        return self.path / "report"

    def newest_checkpoint(self) -> Path | None:
        """Return the training state with the most steps, or None."""
        found = checkpoints_in(self.checkpoints)
        return found[-1][1] if found else None

    @property
    def weights(self) -> Path:
        """What the networks are loaded from; the newest checkpoint counts."""
        return self.path

    @property
    def title(self) -> str:
        """How the run is named in tables."""
        return str(self.path)

    def composition(self, names: Sequence[str] = (), overrides: Sequence[str] = ()) -> Composition:
        """Return the experiment that this run was made with, changed by further configs and overrides."""
        return compose([str(self.config.resolve()), *names], overrides)

    def networks(self) -> dict[str, Any]:
        """Return the settings that made the networks: ``method`` and ``model``."""
        plain = self.composition().plain
        return {key: plain[key] for key in ("method", "model")}


def open_run(path: str | Path) -> RunFolder:
    """Return an existing run, or what stands for one: a checkpoint file, or the package's for ``default``.

    Raises:
        SeethroughError: there is no run at ``path``.
    """
    if str(path) == DEFAULT or Path(path).is_file():
        from experiments.checkpoint_run import CheckpointRun

        return CheckpointRun.of(path)
    run = RunFolder(Path(path))
    if not run.config.is_file():
        raise SeethroughError(f"{path} is no run folder: it has no config.yaml")
    return run


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


def create_run(run: RunFolder, composition: Composition) -> None:
    """Make a planned folder and write its config; of several processes only the first one does.

    Raises:
        SeethroughError: it cannot be written.
    """
    if not is_first_process():
        return
    try:
        if composition.config.overwrite and _occupied(run):
            shutil.rmtree(run.path)
        for folder in (run.checkpoints, run.images, run.meshes, run.report):
            folder.mkdir(parents=True, exist_ok=True)
        run.config.write_text(_header(run) + as_yaml(composition.lasting), encoding="utf-8")
    except OSError as error:
        raise SeethroughError(f"cannot write run folder {run.path}: {error.strerror}") from None


def _occupied(run: RunFolder) -> bool:
    return run.path.exists() and (not run.path.is_dir() or any(run.path.iterdir()))


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
    stem = f"{composition.config.method}-{datetime.now():%Y%m%d-%H%M%S}"
    name, count = stem, 1
    while (Path(composition.config.out) / name).exists():
        count += 1
        name = f"{stem}-{count}"
    os.environ[_NAME_FOR_CHILDREN] = name
    return name
