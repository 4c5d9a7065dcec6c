"""All runs that some studies need, each once, in an order in which every run comes after the one it begins at."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

from experiments.config.suggestions import did_you_mean, listing
from experiments.studies.planning.job import Job
from experiments.studies.planning.specification import Catalogue, Run, Study
from experiments.studies.planning.sweep import sweep_points
from seethrough.errors import SeethroughError

DEFAULT_SEEDS = (0, 1, 2)


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
    common = catalogue.common if run.common is None else run.common
    of_test = catalogue.quick if run.quick is None else run.quick
    configs = (run.config, *common, *(of_test if quick else ()))
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
            label = f"{point.title} = {point.value:g}"
            overrides = (*base.overrides, f"{point.key}={point.value:g}")
            runs[point.row] = Run(base.config, label, base.after, None, base.minutes, overrides, misfit_prior=False)
    return runs
