"""The folder that holds everything of one run: config, metrics, checkpoints, pictures, meshes, reports."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from experiments.config.composition import Composition, compose
from experiments.default_checkpoints import DEFAULTS
from lightning_modules.checkpointing import checkpoints_in
from seethrough.errors import SeethroughError


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
    def ended(self) -> Path:
        """The mark of a training that has ended, see :mod:`experiments.ended_run`."""
        return self.path / "ended.json"

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
    """Return an existing run, or what stands for one: a checkpoint file, ``default`` or ``default_bump``.

    Raises:
        SeethroughError: there is no run at ``path``.
    """
    if str(path) in DEFAULTS or Path(path).is_file():
        from experiments.checkpoint_run import CheckpointRun

        return CheckpointRun.of(path)
    run = RunFolder(Path(path))
    if not run.config.is_file():
        raise SeethroughError(f"{path} is no run folder: it has no config.yaml")
    return run
