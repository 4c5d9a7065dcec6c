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
Stage = Literal["landmarks", "colours", "initialisation", "pretraining"]


_LISTS = ("overrides", "misfit_options", "common", "quick")


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
    misfit_options: tuple[str, ...] = ()
    """Options of that command."""
    plain_faces: bool = False
    """Evaluate it on faces without any detail beyond the face model too."""
    position_prior: bool = False
    """Score the mean mask of its training pictures as a mask too, inside its renders."""
    common: tuple[str, ...] | None = None
    """Configs that it adds to its own instead of the catalogue's; for rows of another method."""
    quick: tuple[str, ...] | None = None
    """The same at the size of a test."""
    evaluated: bool = True
    """False for a run that others only begin at."""


@dataclass(frozen=True)
class Catalogue:
    """All runs by name, and the settings that they share."""

    runs: Mapping[str, Run]
    seed_settings: tuple[str, ...]
    common: tuple[str, ...]
    """Configs that all runs add to their own."""
    quick: tuple[str, ...]
    """Configs that they add at the size of a test."""
    misfit_options: tuple[str, ...] = ()
    """Options of the command that builds a misfit prior."""
    quick_misfit_options: tuple[str, ...] = ()
    """The same at the size of a test."""


@dataclass(frozen=True)
class SweptSetting:
    """One setting that takes several values while the others stay.

    Attributes:
        title: its name in tables.
        key: the setting.
        factors: what the standard value, that of the study's first row, is multiplied by; 1 is that row itself.
    """

    title: str
    key: str
    factors: tuple[float, ...]


@dataclass(frozen=True)
class Study:
    """One study folder."""

    name: str
    title: str
    rows: tuple[str, ...]
    """Runs of the catalogue, in the order of the table."""
    seeds: tuple[int, ...] | None = None
    """Seeds to use unless the command line says otherwise; None for the command's own."""
    sweep: Mapping[str, SweptSetting] | None = None
    """Settings to sweep, each value a run of its own that begins where ``rows[0]`` begins."""

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
    shared = ("seed_settings", "common", "quick", "misfit_options", "quick_misfit_options")
    _known(content, (*shared, "stems", "rows"), path)
    runs: dict[str, Run] = {}
    for group, evaluated in (("stems", False), ("rows", True)):
        for name, entry in (content.get(group) or {}).items():
            _known(entry, [field.name for field in fields(Run)], path, f" of '{name}'")
            if "config" not in entry:
                raise SeethroughError(f"{path.name}: run '{name}' has no config")
            lists = {key: tuple(entry[key]) for key in _LISTS if key in entry}
            settings = {**entry, **lists, "evaluated": evaluated}
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
    return Catalogue(runs, **{key: tuple(map(str, content.get(key) or ())) for key in shared})


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
    sweep = {swept: _swept(swept, entry, path) for swept, entry in (content.get("sweep") or {}).items()}
    return Study(name, content.get("title", name), rows, tuple(seeds) if seeds else None, sweep or None)


def _swept(name: str, entry: Mapping[str, Any], path: Path) -> SweptSetting:
    _known(entry, ("title", "key", "factors"), path, f" of '{name}'")
    if "key" not in entry or not entry.get("factors"):
        raise SeethroughError(f"{path.parent.name}/{path.name}: '{name}' needs a key and factors")
    factors = sorted({1.0, *(float(factor) for factor in entry["factors"])})
    return SweptSetting(entry.get("title", name), entry["key"], tuple(factors))


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
