"""All runs that some studies need, each once, in an order in which every run comes after the one it begins at."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

from experiments.config.composition import Composition, compose
from experiments.config.suggestions import did_you_mean, listing
from experiments.run_folder import RunFolder
from experiments.studies.planning.specification import Catalogue, Run, Study
from experiments.studies.planning.stages import end_step, round_ends
from experiments.studies.planning.sweep import sweep_points
from seethrough.errors import SeethroughError

DEFAULT_SEEDS = (0, 1, 2)


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


@dataclass(frozen=True)
class Plan:
    """Jobs, every one after the one that it begins at.

    Attributes:
        jobs: all of them.
        studies: what they are for.
        seeds: the seeds of each study, by its name.
    """

    jobs: tuple[Job, ...]
    studies: tuple[Study, ...]
    seeds: Mapping[str, tuple[int, ...]]

    def job(self, seed: int, name: str) -> Job | None:
        """Return a job, or None where it was not asked for."""
        return self._by_key.get((seed, name))

    @cached_property
    def _by_key(self) -> dict[tuple[int, str], Job]:
        return {job.key: job for job in self.jobs}


def make_plan(
    studies: Sequence[Study],
    catalogue: Catalogue,
    root: Path,
    *,
    seeds: Sequence[int] | None = None,
    only: Iterable[str] = (),
    quick: bool = False,
) -> Plan:
    """Return the runs of some studies: rows seed by seed, what tells most first, and the values of sweeps after them.

    Args:
        studies: what is to be reported.
        catalogue: all runs, in the order in which they are to be trained.
        root: the folder of all runs.
        seeds: what the command line asks for; 0, 1, 2 otherwise. Of several studies those with seeds of their own keep
            them.
        only: rows to keep, with what they begin at; all if empty.
        quick: at the size of a test: one seed, two values of a sweep.

    Raises:
        SeethroughError: ``only`` names a row that none of the studies has.
    """
    chosen = {study.name: _seeds(study, seeds, alone=len(studies) == 1, quick=quick) for study in studies}
    runs = {study.name: study_runs(study, catalogue, quick) for study in studies}
    wanted = {(seed, name) for study in studies for seed in chosen[study.name] for name in runs[study.name]}
    there = {name: run for study in studies for name, run in runs[study.name].items()}
    only = set(only)
    for name in only.difference(there):
        raise SeethroughError(f"unknown row '{name}'{did_you_mean(name, there)}; rows: {listing(there)}")
    jobs: dict[tuple[int, str], Job] = {}

    def add(name: str, run: Run, seed: int) -> Job:
        if (seed, name) not in jobs:
            parent = add(run.after, catalogue.runs[run.after], seed) if run.after else None
            jobs[seed, name] = _job(name, run, seed, parent, catalogue, root, quick)
        return jobs[seed, name]

    order = {name: place for place, name in enumerate(dict.fromkeys([*catalogue.runs, *there]))}
    swept = set(there).difference(catalogue.runs)
    for seed, name in sorted(wanted, key=lambda key: (key[1] in swept, key[0], order[key[1]])):
        if not only or name in only:
            add(name, there[name], seed)
    return Plan(tuple(jobs.values()), tuple(studies), chosen)


def _seeds(study: Study, asked: Sequence[int] | None, *, alone: bool, quick: bool) -> tuple[int, ...]:
    if asked and (alone or study.seeds is None):
        return tuple(sorted(set(asked)))
    return (0,) if quick else study.seeds or DEFAULT_SEEDS


def _job(name: str, run: Run, seed: int, parent: Job | None, catalogue: Catalogue, root: Path, quick: bool) -> Job:
    configs = (run.config, *catalogue.common, *(catalogue.quick if quick else ()))
    settings = [text.format(seed=seed, seed_plus_one=seed + 1) for text in catalogue.seed_settings]
    if run.until:
        settings.append(f"model.schedule.last_stage={run.until}")
    options = catalogue.quick_misfit_options if quick else (*catalogue.misfit_options, *run.misfit_options)
    return Job(name, seed, replace(run, misfit_options=options), parent, root, configs, (*settings, *run.overrides))


def study_runs(study: Study, catalogue: Catalogue, quick: bool = False) -> dict[str, Run]:
    """Return the runs of a study by name: its rows, then every value of its sweep."""
    runs = {row: catalogue.runs[row] for row in study.rows}
    base = catalogue.runs[study.rows[0]]
    for point in sweep_points(study, catalogue, quick):
        if not point.standard:
            label = f"{point.title} {point.value:g}"
            overrides = (*base.overrides, f"{point.key}={point.value:g}")
            runs[point.row] = Run(base.config, label, base.after, None, base.minutes, overrides, misfit_prior=False)
    return runs
