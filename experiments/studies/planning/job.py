"""One run of one seed: its settings, and where everything that it makes lies."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from experiments.config.composition import Composition, compose
from experiments.run_folder import RunFolder
from experiments.studies.planning.specification import Run
from experiments.studies.planning.stages import end_step, round_ends


@dataclass(frozen=True)
class Job:
    """One run of one seed.

    Attributes:
        name: its name in the catalogue; a value of a sweep has one like ``sweep-area-0.07``.
        seed: number of the seed.
        run: what is trained.
        begins_at: the job whose last checkpoint it begins at.
        root: the folder of all runs.
        names: configs in merging order.
        settings: ``key=value`` overrides, without what only this start needs.
    """

    name: str
    seed: int
    run: Run
    begins_at: Job | None
    root: Path
    names: tuple[str, ...]
    settings: tuple[str, ...]

    @property
    def title(self) -> str:
        """What it is called in messages."""
        return f"{self.name}, seed {self.seed}"

    @property
    def key(self) -> tuple[int, str]:
        """What it is found by."""
        return self.seed, self.name

    @property
    def parent_folder(self) -> Path:
        """The folder of all runs of its seed."""
        return self.root / f"seed{self.seed}"

    @property
    def folder(self) -> RunFolder:
        """Its run folder."""
        return RunFolder(self.parent_folder / self.name)

    def beside(self, suffix: str) -> Path:
        """Return the file beside the run folder that has its name and ``suffix``."""
        return self.parent_folder / f"{self.name}{suffix}"

    @property
    def rows_file(self) -> Path:
        """One row per test image."""
        return self.folder.report / "rows.npz"

    @property
    def plain_rows_file(self) -> Path:
        """One row per test image of faces without any detail beyond the face model."""
        return self.folder.report / "rows_plain_faces.npz"

    @property
    def position_prior_file(self) -> Path:
        """Scores of the mean training mask, one row per test image."""
        return self.folder.report / "rows_position_prior.npz"

    def round_file(self, step: int) -> Path:
        """One row per test image, of the networks at the end of an EM round."""
        return self.folder.report / "rounds" / f"step_{step:08d}.npz"

    @cached_property
    def rounds(self) -> list[int]:
        """Steps at which EM rounds end, of a run that keeps them."""
        return round_ends(self.composition.config.model) if self.run.keep_rounds else []

    @property
    def misfit_prior_file(self) -> Path:
        """The misfit prior."""
        return self.folder.path / "misfit_prior.pt"

    @cached_property
    def composition(self) -> Composition:
        """The experiment."""
        place = [f"name={self.name}", f"out={self.parent_folder}"]
        return compose(self.names, [*self.settings, *place])

    @cached_property
    def last_step(self) -> int:
        """The step at which it ends."""
        return end_step(self.composition.config.model)

    @cached_property
    def milestones(self) -> list[int]:
        """Steps whose checkpoints stay: the last one, saved inside its epoch, so that others can go on from it."""
        return sorted({self.last_step, *self.rounds})

    def checkpoint(self, step: int) -> Path:
        """Return the checkpoint of a step, which is another run's where this one had not begun yet."""
        if self.begins_at is not None and step <= self.begins_at.last_step:
            return self.begins_at.checkpoint(step)
        return self.folder.checkpoints / f"step_{step:08d}.ckpt"
