"""What a person may name for a report: run folders, folders of runs, and outputs of ``experiments.reconstruct``."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from experiments.reconstruction.manifest import NAME as MANIFEST

SWEEP_TABLE = "table.json"
_DEEPEST = 3
_FACE = "parameters.json"


@dataclass
class Sources:
    """What the arguments of a command name, each once and in their order.

    Attributes:
        runs: folders with a ``config.yaml``.
        faces: output folders of ``experiments.reconstruct``, or one face's folder in such a folder.
        sweeps: folders of runs that hold the table of a sweep.
        failures: one line for each argument that is none of these.
    """

    runs: list[Path] = field(default_factory=list)
    faces: list[Path] = field(default_factory=list)
    sweeps: list[Path] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)


def find_sources(arguments: Iterable[str]) -> Sources:
    """Sort arguments by what lies there; what is nothing of ours becomes a failure and stops nobody else."""
    found = Sources()
    for argument in dict.fromkeys(arguments):
        _take(Path(argument), found)
    return found


def _take(path: Path, found: Sources) -> None:
    if path.name == MANIFEST and path.is_file():
        path = path.parent
    if not path.exists():
        found.failures.append(f"{path}: there is no such folder")
        return
    if not path.is_dir():
        found.failures.append(f"{path} is a file: name the folder of a run or of reconstructions")
        return
    if (path / "config.yaml").is_file():
        _add(found.runs, path)
    elif (path / MANIFEST).is_file() or (path / _FACE).is_file():
        _add(found.faces, path)
    else:
        runs = _runs_below(path)
        if (path / SWEEP_TABLE).is_file():
            _add(found.sweeps, path)
        elif not runs:
            found.failures.append(
                f"{path} is no run folder (it has no config.yaml), holds no runs and no {MANIFEST} of reconstructions"
            )
        for run in runs:
            _add(found.runs, run)


def _add(paths: list[Path], path: Path) -> None:
    if path.resolve() not in {known.resolve() for known in paths}:
        paths.append(path)


def _runs_below(folder: Path, depth: int = 1) -> list[Path]:
    """Return the run folders in a folder of runs, a few levels down; nothing inside a run is one."""
    runs: list[Path] = []
    try:
        children = sorted(child for child in folder.iterdir() if child.is_dir() and not child.name.startswith("."))
    except OSError:
        return runs
    for child in children:
        if (child / "config.yaml").is_file():
            runs.append(child)
        elif depth < _DEEPEST:
            runs += _runs_below(child, depth + 1)
    return runs


def short_names(paths: Iterable[Path]) -> list[str]:
    """Return for each path as few of its last parts as tell it from the others."""
    parts = [path.resolve().parts for path in paths]
    names = []
    for own in parts:
        others = [other for other in parts if other != own]
        length = 1
        while length < len(own) and any(other[-length:] == own[-length:] for other in others):
            length += 1
        names.append("/".join(own[-length:]))
    return names
