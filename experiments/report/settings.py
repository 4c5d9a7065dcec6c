"""Settings of runs: what tells them apart, and which of them differ in their seed only."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

# Where a run lies, how it is watched, what keeps it going: nothing of this changes what is learned.
_BESIDE_THE_POINT = (
    "name", "out", "resume", "overwrite", "allow_changes", "logger", "wandb.", "checkpoint.", "data.folder",
    "data.workers", "data.render_processes", "trainer.enable_", "trainer.num_sanity_val_steps",
    "trainer.log_every_n_steps",
)  # fmt: skip
_SEED = re.compile(r"(^|[\W_])seed[\W_]*\d+")


def flattened(config: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Return ``{dotted key: value}`` of a nested config; lists are values."""
    flat: dict[str, Any] = {}
    for key, value in config.items():
        if isinstance(value, Mapping) and value:
            flat |= flattened(value, f"{prefix}{key}.")
        else:
            flat[f"{prefix}{key}"] = value
    return flat


def is_seed(key: str) -> bool:
    """Tell whether a setting is a seed."""
    return key.rpartition(".")[2] == "seed"


def essential(config: Mapping[str, Any]) -> dict[str, Any]:
    """Return the flat settings that decide what a run learns, seeds left out."""
    flat = flattened(config)
    return {key: value for key, value in flat.items() if not is_seed(key) and not key.startswith(_BESIDE_THE_POINT)}


def shown(value: Any) -> str:
    """Return a value as a person writes it in a config."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def differences(configs: Sequence[Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
    """Return the settings in which runs differ.

    Args:
        configs: one a run; an empty one, of a run whose config cannot be read, takes no part.

    Returns:
        ``{dotted key: {"usual": the most frequent value, "values": one a run, None where it has no such key}}``, values
        as text. Seeds are among them.
    """
    known = [flattened(config) for config in configs]
    ignored = [key for key in _BESIDE_THE_POINT if key != "data.workers"]
    table: dict[str, dict[str, Any]] = {}
    for key in dict.fromkeys(key for flat in known for key in flat):
        if key.startswith(tuple(ignored)):
            continue
        values = [shown(flat[key]) if key in flat else None for flat in known]
        told = Counter(value for value, flat in zip(values, known, strict=True) if flat)
        if len(told) > 1:
            table[key] = {"usual": told.most_common(1)[0][0], "values": values}
    return table


def seed_groups(names: Sequence[str], configs: Sequence[Mapping[str, Any]]) -> list[tuple[str, list[int]]]:
    """Put runs together that differ in seeds only.

    Args:
        names: of the runs, each another.
        configs: their settings.

    Returns:
        Label and places of the runs of each group, in the order of their first runs. A run without settings is alone.
    """
    groups: dict[str, list[int]] = {}
    for place, config in enumerate(configs):
        key = json.dumps(essential(config), sort_keys=True, default=str) if config else f"alone {place}"
        groups.setdefault(key, []).append(place)
    labels = [_label([names[place] for place in places]) for places in groups.values()]
    clashing = {label for label, count in Counter(labels).items() if count > 1}
    told = [
        names[places[0]] if label in clashing else label for label, places in zip(labels, groups.values(), strict=True)
    ]
    return list(zip(told, groups.values(), strict=True))


def _label(names: Sequence[str]) -> str:
    """Return what the names of a group's runs have in common, without the numbers of their seeds."""
    if len(names) == 1:
        return names[0]
    bare = [[part for part in _SEED.sub("", name).split("/") if part] for name in names]
    common = [part for part in bare[0] if all(part in other for other in bare)]
    return "/".join(common).strip("-_ ") or names[0]
