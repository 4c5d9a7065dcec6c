"""What two runs left, compared bit for bit: the last training state, the curves, the pictures."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch

from lightning_modules.checkpointing import checkpoints_in

TIMES = "speed/"
"""Curves whose names begin with this measure time, which no two runs share."""


def differences(first: Path, second: Path) -> list[str]:
    """Return what differs between two run folders, in words; empty where nothing does."""
    found = []
    states = [checkpoints_in(run / "checkpoints") for run in (first, second)]
    names = [[file.name for _, file in state] for state in states]
    if names[0] != names[1]:
        found.append(f"checkpoints: {names[0]} and {names[1]}")
    if all(states):
        content = [torch.load(state[-1][1], map_location="cpu", weights_only=True) for state in states]
        for state in content:
            state.pop("commit")  # of the code, which somebody may be working on meanwhile
        found += _different(content[0], content[1], "state")
    rows = [curves(run / "metrics.csv") for run in (first, second)]
    if len(rows[0]) != len(rows[1]):
        steps = [[row["step"] for row in table] for table in rows]
        found.append(f"metrics.csv: rows of steps {steps[0]} and {steps[1]}")
    else:
        for number, (one, other) in enumerate(zip(*rows, strict=True)):
            unlike = sorted(key for key in one.keys() | other.keys() if one.get(key) != other.get(key))
            found += [f"metrics.csv, row {number + 1}: {key} {one.get(key)} and {other.get(key)}" for key in unlike]
    pictures = [{file.name: file.read_bytes() for file in (run / "images").iterdir()} for run in (first, second)]
    found += [f"picture {name}" for name in sorted(pictures[0].keys() | pictures[1].keys())
              if pictures[0].get(name) != pictures[1].get(name)]  # fmt: skip
    return found


def curves(file: Path) -> list[dict[str, str]]:
    """Return the rows of ``metrics.csv`` without what was not measured in them, and without times."""
    with file.open(newline="", encoding="utf-8") as opened:
        rows = list(csv.DictReader(opened))
    return [{key: value for key, value in row.items() if value and not key.startswith(TIMES)} for row in rows]


def _different(one: Any, other: Any, place: str) -> Iterator[str]:
    if type(one) is not type(other):
        yield f"{place}: {type(one).__name__} and {type(other).__name__}"
    elif isinstance(one, dict):
        for key in sorted(one.keys() | other.keys(), key=str):
            if key in one and key in other:
                yield from _different(one[key], other[key], f"{place}.{key}")
            else:
                yield f"{place}.{key}: only in {'one' if key in one else 'the other'}"
    elif isinstance(one, list | tuple) and len(one) == len(other):
        for number, pair in enumerate(zip(one, other, strict=True)):
            yield from _different(*pair, f"{place}.{number}")
    elif isinstance(one, torch.Tensor):
        if one.shape != other.shape or one.dtype != other.dtype or not torch.equal(one, other):
            yield f"{place}: other numbers"
    elif one != other and not (one != one and other != other):  # NaN is NaN here
        yield f"{place}: {one!r} and {other!r}"
