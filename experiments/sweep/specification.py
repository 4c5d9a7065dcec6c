"""What a sweep consists of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from seethrough.errors import SeethroughError

EvaluatedSplit = Literal["validation", "test"]
# What the sweep says itself to each run.
OWN = ("name", "out", "resume", "overwrite", "allow_changes")
SEED_SETTINGS = ("seed={seed}",)


@dataclass(frozen=True)
class Change:
    """One setting that a sweep makes."""

    key: str
    value: Any
    source: str
    """Where it stands: ``configs/sweep/a.yaml:7``."""


@dataclass(frozen=True)
class Axis:
    """One setting that takes several values."""

    key: str
    values: tuple[Any, ...]
    source: str


@dataclass(frozen=True)
class Variation:
    """One entry of a list of runs."""

    name: str
    configs: tuple[str, ...] = ()
    settings: tuple[Change, ...] = ()


@dataclass(frozen=True)
class Sweep:
    """Every run of ``runs``, with every combination of the grid's values, for every seed."""

    name: str
    """Its folder's name."""
    label: str
    """What it is called in messages: the file, or the command line."""
    words: tuple[str, ...] = ()
    """What ``python -m experiments.sweep`` was told to get it."""
    configs: tuple[str, ...] = ()
    """Configs of all runs, before each run's own."""
    common: tuple[str, ...] = ()
    """Configs of all runs, after each run's own."""
    settings: tuple[Change, ...] = ()
    """Settings of all runs."""
    runs: tuple[Variation, ...] = ()
    """A list of runs; one with nothing of its own where it is empty."""
    grid: tuple[Axis, ...] = ()
    """Settings, every combination of whose values is a run."""
    seeds: tuple[int, ...] = ()
    """Seeds of each run; none to leave ``seed`` as the configs have it."""
    seed_settings: tuple[str, ...] = SEED_SETTINGS
    """What a seed sets; ``{seed}`` and ``{seed_plus_one}`` stand for numbers."""
    evaluate: EvaluatedSplit | None = None
    """The split that each run is scored on after its training."""
    metrics: tuple[str, ...] = ()
    """Columns of the table; the first few if empty."""
    wandb: Mapping[str, Any] = field(default_factory=dict)
    """Entries for the file of a W&B sweep, such as ``method`` and ``metric``."""


def axis(key: str, values: Any, source: str) -> Axis:
    """Return a setting with its values, checked.

    Raises:
        SeethroughError: they are no list, or one of them stands twice, or the sweep sets it itself.
    """
    what = f"'grid.{key}' in {source}"
    if key == "seed":
        raise SeethroughError(f"{what}: use seeds: [0, 1, 2], over which the table takes means")
    if key in OWN:
        raise SeethroughError(f"{what} is what the sweep says itself to each run: leave it out")
    if not isinstance(values, list):
        raise SeethroughError(f"{what} must be a list of values, not {values!r}; a single value belongs into settings")
    if not values:
        raise SeethroughError(f"{what} is empty: list the values to try, or leave the key out")
    twice = next((value for place, value in enumerate(values) if value in values[:place]), None)
    if twice is not None:
        raise SeethroughError(f"{what} has {twice!r} twice")
    return Axis(key, tuple(values), source)
