"""One training of a sweep: its settings, and where everything that it makes lies."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar

from experiments.config.composition import Composition, compose
from experiments.run_folder import RunFolder
from experiments.sweep.specification import EvaluatedSplit


@dataclass(frozen=True)
class SweepRun:
    """One training of a sweep; what the engine of the studies calls a job.

    Attributes:
        name: of its folder.
        variant: its name without its seed.
        seed: its seed, if the sweep sets one.
        names: configs in merging order.
        overrides: ``key=value`` settings.
        changes: swept settings with their values.
        root: the sweep's folder.
        evaluate: the split it is scored on, if any.
    """

    name: str
    variant: str
    seed: int | None
    names: tuple[str, ...]
    overrides: tuple[str, ...]
    changes: Mapping[str, Any]
    root: Path
    evaluate: EvaluatedSplit | None = None
    begins_at: ClassVar[None] = None

    @property
    def title(self) -> str:
        """What it is called in messages."""
        return self.name

    @property
    def key(self) -> str:
        """What it is found by."""
        return self.name

    @property
    def folder(self) -> RunFolder:
        """Its run folder."""
        return RunFolder(self.root / self.name)

    def beside(self, suffix: str) -> Path:
        """Return the file beside the run folder that has its name and ``suffix``."""
        return self.root / f"{self.name}{suffix}"

    @property
    def scores(self) -> Path:
        """What its evaluation writes."""
        return self.folder.report / "sweep_scores.json"

    @cached_property
    def composition(self) -> Composition:
        """The experiment."""
        return compose(self.names, [*self.overrides, f"name={self.name}", f"out={self.root}"])
