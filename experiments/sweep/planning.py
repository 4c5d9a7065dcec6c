"""From a sweep to its runs, all of them composed before the first one starts."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any

import yaml

from experiments.config.suggestions import did_you_mean, listing
from experiments.config.yaml_loader import parse
from experiments.sweep.naming import run_names
from experiments.sweep.specification import Change, Sweep, Variation
from experiments.sweep.sweep_run import SweepRun
from seethrough.errors import SeethroughError


@dataclass(frozen=True)
class SweepPlan:
    """All runs of a sweep."""

    sweep: Sweep
    root: Path
    jobs: tuple[SweepRun, ...] = ()


def plan_sweep(
    sweep: Sweep, root: Path, *, seeds: Sequence[int] | None = None, configs: Sequence[str] = (),
    overrides: Sequence[str] = (),
) -> SweepPlan:  # fmt: skip
    """Return the runs of a sweep, seed by seed, each composed to see that it can be.

    Args:
        sweep: what to run.
        root: its folder.
        seeds: instead of the sweep's own.
        configs: added to those of all runs, after them.
        overrides: added to those of all runs, after them.

    Raises:
        SeethroughError: one line with the file, line and key of the first mistake.
    """
    variants = _variants(sweep)
    chosen = tuple(seeds) if seeds else sweep.seeds
    swept = {key for _, _, changes in variants for key in changes}
    for override in overrides:
        if (key := override.partition("=")[0]) in {*swept, *("seed" for _ in chosen[:1])}:
            raise SeethroughError(f"override '{override}': the sweep itself gives {key} its values ({sweep.label})")
    jobs = []
    for seed in chosen or (None,):
        for name, variation, changes in variants:
            texts = [setting_text(change.key, change.value) for change in (*sweep.settings, *variation.settings)]
            texts += [
                setting_text(key, value) for key, value in changes.items() if key not in _keys(variation.settings)
            ]
            texts += [] if seed is None else _seed_texts(sweep, seed)
            jobs.append(
                SweepRun(
                    name=name if seed is None else f"{name}_seed{seed}", variant=name, seed=seed,
                    names=(*sweep.configs, *variation.configs, *sweep.common, *configs),
                    overrides=(*texts, *overrides), changes=changes, root=root, evaluate=sweep.evaluate,
                )
            )  # fmt: skip
    places = _places(sweep)
    for job in jobs:
        _compose(job, sweep, places)
    return SweepPlan(sweep, root, tuple(jobs))


def chosen_runs(plan: SweepPlan, only: Iterable[str]) -> SweepPlan:
    """Return the plan with some runs alone, named with or without their seeds.

    Raises:
        SeethroughError: there is no such run.
    """
    only = set(only)
    known = {name: None for job in plan.jobs for name in (job.variant, job.name)}
    for name in only.difference(known):
        raise SeethroughError(f"the sweep has no run '{name}'{did_you_mean(name, known)}; runs: {listing(known)}")
    return SweepPlan(plan.sweep, plan.root, tuple(job for job in plan.jobs if {job.name, job.variant} & only))


def _variants(sweep: Sweep) -> list[tuple[str, Variation, dict[str, Any]]]:
    """Return name, entry of the list and swept settings of every run, without its seed."""
    variations = sweep.runs or (Variation(""),)
    for name in (name for place, name in enumerate(v.name for v in variations) if name in
                 [v.name for v in variations[:place]]):  # fmt: skip
        raise SeethroughError(f"{sweep.label}: two runs are called '{name}': give one of them another name")
    found = []
    for variation in variations:
        for values in product(*(axis.values for axis in sweep.grid)):
            settings = dict(zip((axis.key for axis in sweep.grid), values, strict=True))
            twice = next((change for change in variation.settings if change.key in settings), None)
            if twice is not None:
                raise SeethroughError(f"'{twice.key}' in {twice.source} is swept by the grid as well: take one away")
            found.append((variation, settings))
    # A run that has a name of its own need not list its settings in it.
    names = run_names([(variation.name, settings) for variation, settings in found])
    return [
        (name, variation, {**{change.key: change.value for change in variation.settings}, **settings})
        for name, (variation, settings) in zip(names, found, strict=True)
    ]


def _keys(changes: Iterable[Change]) -> set[str]:
    return {change.key for change in changes}


def setting_text(key: str, value: Any) -> str:
    """Return ``key=value`` that is read as exactly this value."""
    if isinstance(value, str):
        try:
            same = parse(value) == value
        except yaml.YAMLError:
            same = False
        return f"{key}={value if same else json.dumps(value, ensure_ascii=False)}"
    return f"{key}={json.dumps(value, ensure_ascii=False)}"


def _seed_texts(sweep: Sweep, seed: int) -> list[str]:
    try:
        return [text.format(seed=seed, seed_plus_one=seed + 1) for text in sweep.seed_settings]
    except (KeyError, IndexError, ValueError):
        raise SeethroughError(
            f"'seed_settings' in {sweep.label} may hold {{seed}} and {{seed_plus_one}}, and no other braces: "
            f"{', '.join(sweep.seed_settings)}"
        ) from None


def _places(sweep: Sweep) -> dict[str, str]:
    """Return where each override of a sweep stands."""
    changes = [*sweep.settings, *(change for variation in sweep.runs for change in variation.settings)]
    places = {setting_text(change.key, change.value): change.source for change in changes}
    return places | {setting_text(axis.key, value): axis.source for axis in sweep.grid for value in axis.values}


def _compose(job: SweepRun, sweep: Sweep, places: Mapping[str, str]) -> None:
    try:
        _ = job.composition
    except SeethroughError as error:
        text = str(error)
        for override in job.overrides:
            if f"override '{override}'" in text and override in places:
                raise SeethroughError(text.replace(f"override '{override}'", places[override])) from None
        raise SeethroughError(f"run '{job.name}' of {sweep.label}: {text}") from None
