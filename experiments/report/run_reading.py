"""One run folder, read as far as it can be read: missing and broken parts are told, never fatal."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from experiments.config.yaml_loader import parse
from experiments.evaluation.row_files import read_columns
from experiments.report.metric_curves import Curves, read_curves
from experiments.report.run_state import RunState, run_state
from experiments.run_folder import RunFolder
from seethrough.errors import SeethroughError

Rows = dict[str, np.ndarray]
Summary = dict[str, dict[str, float]]


@dataclass
class ReadRun:
    """A run as the report knows it.

    Attributes:
        folder: where it lies.
        name: short, and unlike the names of the other runs.
        config: its settings as plain types; empty where they cannot be read.
        curves: what it logged.
        state: where it stands.
        rows: by the name of their file, columns of one value an image.
        summaries: by the name of their file, ``{subset: {key: value}}``.
        problems: what is missing or broken, in a line each.
    """

    folder: RunFolder
    name: str
    config: dict[str, Any]
    curves: Curves
    state: RunState
    rows: dict[str, Rows] = field(default_factory=dict)
    summaries: dict[str, Summary] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)

    @property
    def seed(self) -> int | None:
        """The seed of its settings."""
        seed = self.config.get("seed")
        return seed if isinstance(seed, int) else None

    @property
    def method(self) -> str:
        """What was trained."""
        return str(self.config.get("method", ""))


def read_run(path: Path, name: str) -> ReadRun:
    """Read everything that the report shows of a run, pictures and meshes aside."""
    folder, problems = RunFolder(path), []
    config = _config(folder, problems)
    curves = read_curves(folder.metrics)
    problems += curves.problems
    state = run_state(folder, curves.last_step, problems)
    run = ReadRun(folder, name, config, curves, state, problems=problems)
    for file in sorted(folder.report.glob("*.npz")):
        try:
            run.rows[file.stem] = read_columns(file, ("set", "id"))
        except SeethroughError as error:
            problems.append(str(error))
    for file in sorted(folder.report.glob("evaluation*.json")):
        summary = _summary(file, problems)
        if summary:
            run.summaries[file.stem] = summary
    return run


def _config(folder: RunFolder, problems: list[str]) -> dict[str, Any]:
    try:
        content = parse(folder.config.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        problems.append(f"config.yaml cannot be read ({' '.join(str(error).split())[:120]})")
        return {}
    if not isinstance(content, dict):
        problems.append("config.yaml holds no settings")
        return {}
    return content


def _summary(file: Path, problems: list[str]) -> Summary:
    """Return the subsets of an evaluation; an empty one where the file is another kind of JSON."""
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        problems.append(f"{file.name} cannot be read ({type(error).__name__})")
        return {}
    if not isinstance(content, dict):
        return {}
    subsets = {name: scores for name, scores in content.items() if isinstance(scores, dict) and "images" in scores}
    return {
        str(subset): {key: float(value) for key, value in scores.items() if isinstance(value, int | float)}
        for subset, scores in subsets.items()
    }
