"""All runs that some studies need, each once, in an order in which every run comes after the one it begins at."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from experiments.config.composition import Composition, compose
from experiments.config.suggestions import did_you_mean, listing
from experiments.run_folder import RunFolder
from experiments.studies.planning.specification import Catalogue, Run, Study
from experiments.studies.planning.stages import round_ends, stage_end
from seethrough.errors import SeethroughError


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
    def misfit_prior_file(self) -> Path:
        """The misfit prior."""
        return self.folder.path / "misfit_prior.pt"

    @cached_property
    def composition(self) -> Composition:
        """The experiment."""
        place = [f"name={self.name}", f"out={self.parent_folder}"]
        return compose(self.names, [*self.settings, *place])

    @cached_property
    def last_step(self) -> int | None:
        """The step at which it stops before the end of its schedule, or None."""
        return None if self.run.until is None else stage_end(self.composition.config.model, self.run.until)

    @cached_property
    def milestones(self) -> list[int]:
        """Steps whose checkpoints stay."""
        kept = [] if self.last_step is None else [self.last_step]
        return kept + (round_ends(self.composition.config.model) if self.run.keep_rounds else [])

    def checkpoint(self, step: int) -> Path:
        """Return the checkpoint of a step."""
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
    """Return the runs of some studies, seed by seed.

    Args:
        studies: in the order in which their rows are to be trained.
        catalogue: all runs.
        root: the folder of all runs.
        seeds: what the command line asks for; a study's own or 0, 1, 2 otherwise.
        only: rows to keep, with what they begin at; all if empty.
        quick: at the size of a test: two values of a sweep, one seed.

    Raises:
        SeethroughError: ``only`` names a row that none of the studies has.
    """
    chosen_seeds = {study.name: tuple(seeds or ((0,) if quick else study.seeds or (0, 1, 2))) for study in studies}
    expanded = {study.name: study_runs(study, catalogue, quick) for study in studies}
    wanted = set(only)
    there = list(dict.fromkeys(name for runs in expanded.values() for name in runs))
    for name in wanted.difference(there):
        raise SeethroughError(f"unknown row '{name}'{did_you_mean(name, there)}; rows: {listing(there)}")
    jobs: dict[tuple[int, str], Job] = {}

    def add(name: str, run: Run, seed: int) -> Job:
        if (seed, name) not in jobs:
            parent = add(run.after, catalogue.runs[run.after], seed) if run.after else None
            names = (run.config, *catalogue.common, *(catalogue.quick if quick else ()))
            numbered = [text.format(seed=seed, seed_plus_one=seed + 1) for text in catalogue.seed_settings]
            jobs[seed, name] = Job(name, seed, run, parent, root, names, (*numbered, *run.overrides))
        return jobs[seed, name]

    for seed in sorted({seed for chosen in chosen_seeds.values() for seed in chosen}):
        for study in studies:
            for name, run in expanded[study.name].items():
                if seed in chosen_seeds[study.name] and (not wanted or name in wanted):
                    add(name, run, seed)
    return Plan(tuple(jobs.values()), tuple(studies), chosen_seeds)


def study_runs(study: Study, catalogue: Catalogue, quick: bool = False) -> dict[str, Run]:
    """Return the runs of a study by name: its rows, then every value of its sweep."""
    runs = {row: catalogue.runs[row] for row in study.rows}
    for weight, value, overrides in sweep_values(study, quick):
        base = catalogue.runs[study.rows[0]]
        label = f"{(study.sweep or {})[weight].title} {value:g}"
        runs[sweep_name(weight, value)] = Run(
            base.config, label, base.after, minutes=base.minutes, overrides=overrides, misfit_prior=False
        )
    return runs


def sweep_values(study: Study, quick: bool = False) -> list[tuple[str, float, tuple[str, ...]]]:
    """Return (weight, value, overrides) of every run of a sweep except the standard one, which is ``rows[0]``."""
    chosen = []
    for weight, swept in (study.sweep or {}).items():
        others = [(value, overrides) for value, overrides in swept.values.items() if value != swept.standard]
        chosen += [(weight, value, overrides) for value, overrides in others]
    return chosen[:2] if quick else chosen


def sweep_name(weight: str, value: float) -> str:
    """Return the name of one run of a sweep."""
    return f"sweep-{weight}-{value:g}"
