"""Names of runs from what sets them apart: the same settings have the same name, whatever else is swept."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

_LONGEST_VALUE, _LONGEST_NAME = 24, 120


def short_keys(keys: Iterable[str]) -> dict[str, str]:
    """Return the shortest ends of dotted keys that tell them apart: ``model.loss.weights.binary`` is ``binary``."""
    keys = list(dict.fromkeys(keys))
    short = {}
    for key in keys:
        parts = key.split(".")
        ends = (".".join(parts[-count:]) for count in range(1, len(parts) + 1))
        short[key] = next(
            end for end in ends if sum(other == end or other.endswith(f".{end}") for other in keys) == 1 or end == key
        )
    return short


def run_names(changes: Sequence[tuple[str, Mapping[str, Any]]]) -> list[str]:
    """Return a folder name for each run, without its seed.

    Args:
        changes: of each run its own name, empty where it has none, and the swept settings with their values.
    """
    short = short_keys(key for _, settings in changes for key in sorted(settings))
    names = [_name(own, settings, short) for own, settings in changes]
    # Values that only differ in characters that a folder cannot have.
    return [
        name if names.count(name) == 1 else f"{name}-{_digest([own, dict(settings)])}"
        for name, (own, settings) in zip(names, changes, strict=True)
    ]


def _name(own: str, settings: Mapping[str, Any], short: Mapping[str, str]) -> str:
    parts = [_plain(own)] if own else []
    parts += [f"{short[key]}-{_value(settings[key])}" for key in sorted(settings)]
    name = "_".join(parts) or "run"
    return name if len(name) <= _LONGEST_NAME else f"{name[: _LONGEST_NAME - 7]}-{_digest(dict(settings))}"


def _value(value: Any) -> str:
    if isinstance(value, bool) or value is None:
        return {True: "true", False: "false", None: "null"}[value]
    if isinstance(value, list):
        return _cut("+".join(_value(item) for item in value) or "empty", value)
    if isinstance(value, dict):
        return _digest(value)
    return _cut(
        _plain(f"{value:g}" if isinstance(value, float) and float(f"{value:g}") == value else str(value)), value
    )


def _cut(text: str, value: Any) -> str:
    return text if len(text) <= _LONGEST_VALUE else f"{text[: _LONGEST_VALUE - 7]}-{_digest(value)}"


def _plain(text: str) -> str:
    return re.sub(r"[^A-Za-z0-9._+-]+", "-", text).strip(".") or _digest(text)


def _digest(value: Any) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()[:6]
