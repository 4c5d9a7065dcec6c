"""The studies' YAML files as dataclasses: the catalogue of runs, and what each study takes from it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Literal, get_args

import yaml

from experiments.config.suggestions import did_you_mean, listing
from experiments.config.yaml_loader import parse
from seethrough.errors import SeethroughError

FOLDER = Path(__file__).resolve().parents[1]
CATALOGUE = FOLDER / "catalogue.yaml"
SPECIFICATION = "study.yaml"
Stage = Literal["landmarks", "pretraining"]


@dataclass(frozen=True)
class Run:
    """One training of the catalogue, for any seed."""

    config: str
    """Name of a config under ``configs/``."""
    label: str = ""
    """Its name in tables."""
    after: str | None = None
    """The run of the same seed at whose end it begins."""
    until: Stage | None = None
    """The stage at whose end it stops; None for the end of its schedule."""
    minutes: float = 5.0
    """Guess of its single-core minutes, until one of its kind has been measured."""
    overrides: tuple[str, ...] = ()
    """``key=value`` settings of its own."""
    keep_rounds: bool = False
    """Keep the checkpoint at the end of each EM round."""
    misfit_prior: bool = True
    """Build its misfit prior, and evaluate it with and without."""
    evaluated: bool = True
    """False for a run that others only begin at."""


@dataclass(frozen=True)
class Catalogue:
    """All runs by name, and the settings that they share."""

    runs: Mapping[str, Run]
    seed_settings: tuple[str, ...]
    common: tuple[str, ...]
    quick: tuple[str, ...]


@dataclass(frozen=True)
class SweptWeight:
    """The values that one weight of the segmentation loss takes while the others stay.

    Attributes:
        title: its name in tables.
        standard: the value of the unchanged run.
        values: value -> overrides that set it and keep everything else.
    """

    title: str
    standard: float
    values: Mapping[float, tuple[str, ...]]


@dataclass(frozen=True)
class Study:
    """One study folder."""

    name: str
    title: str
    rows: tuple[str, ...]
    """Runs of the catalogue, in the order of the table."""
    seeds: tuple[int, ...] | None = None
    """Seeds to use unless the command line says otherwise; None for the command's own."""
    sweep: Mapping[str, SweptWeight] | None = None
    """Weights to sweep, each value a run of its own that begins where ``rows[0]`` begins."""

    @property
    def folder(self) -> Path:
        """Where the study lies."""
        return FOLDER / self.name


def study_names() -> list[str]:
    """Return the names of all study folders."""
    return sorted(path.parent.name for path in FOLDER.glob(f"*/{SPECIFICATION}"))


def read_catalogue(path: Path = CATALOGUE) -> Catalogue:
    """Read the catalogue.

    Raises:
        SeethroughError: a key is unknown or missing, or a run begins at one that is not there.
    """
    content = _read(path)
    _known(content, ("seed_settings", "common", "quick", "stems", "rows"), path)
    runs: dict[str, Run] = {}
    for group, evaluated in (("stems", False), ("rows", True)):
        for name, entry in (content.get(group) or {}).items():
            _known(entry, [field.name for field in fields(Run)], path, f" of '{name}'")
            if "config" not in entry:
                raise SeethroughError(f"{path.name}: run '{name}' has no config")
            settings = {**entry, "overrides": tuple(entry.get("overrides", ())), "evaluated": evaluated}
            runs[name] = Run(**{"label": name, **settings})
    for name, run in runs.items():
        if run.after is not None and run.after not in runs:
            raise SeethroughError(
                f"{path.name}: run '{name}' comes after unknown '{run.after}'; there are: {listing(runs)}"
            )
        if run.after is not None and runs[run.after].until is None:
            raise SeethroughError(f"{path.name}: run '{name}' comes after '{run.after}', which has no stage to stop at")
        if run.until is not None and run.until not in get_args(Stage):
            raise SeethroughError(f"{path.name}: run '{name}' stops at unknown stage '{run.until}'")
    shared = {key: tuple(content.get(key) or ()) for key in ("seed_settings", "common", "quick")}
    return Catalogue(runs, **shared)


def read_study(name: str, catalogue: Catalogue) -> Study:
    """Read the specification of a study.

    Raises:
        SeethroughError: there is no such study, or its file names unknown keys or runs.
    """
    path = FOLDER / name / SPECIFICATION
    if not path.is_file():
        names = study_names()
        raise SeethroughError(f"unknown study '{name}'{did_you_mean(name, names)}; studies: {listing(names)}")
    content = _read(path)
    _known(content, ("title", "rows", "seeds", "sweep"), path)
    rows = tuple(content.get("rows") or ())
    for row in rows:
        if row not in catalogue.runs or not catalogue.runs[row].evaluated:
            raise SeethroughError(f"{name}/{SPECIFICATION}: unknown row '{row}'{did_you_mean(row, catalogue.runs)}")
    if not rows:
        raise SeethroughError(f"{name}/{SPECIFICATION}: a study needs rows")
    seeds = content.get("seeds")
    sweep = {weight: _swept(weight, entry, path) for weight, entry in (content.get("sweep") or {}).items()}
    return Study(name, content.get("title", name), rows, tuple(seeds) if seeds else None, sweep or None)


def _swept(weight: str, entry: Mapping[str, Any], path: Path) -> SweptWeight:
    _known(entry, ("title", "standard", "values"), path, f" of '{weight}'")
    values = {float(value): tuple(overrides) for value, overrides in entry["values"].items()}
    return SweptWeight(entry.get("title", weight), float(entry["standard"]), values)


def _read(path: Path) -> dict[str, Any]:
    try:
        content = parse(path.read_text(encoding="utf-8"))
    except (OSError, yaml.YAMLError) as error:
        raise SeethroughError(f"cannot read {path}: {' '.join(str(error).split())}") from None
    if not isinstance(content, dict):
        raise SeethroughError(f"{path} must be a mapping")
    return content


def _known(content: Any, allowed, path: Path, where: str = "") -> None:
    if not isinstance(content, Mapping):
        raise SeethroughError(f"{path.parent.name}/{path.name}: the entry{where} must be a mapping")
    for key in content:
        if key not in allowed:
            guess = did_you_mean(str(key), allowed)
            raise SeethroughError(f"{path.parent.name}/{path.name}: unknown key '{key}'{where}{guess}")
