"""Reading a sweep from a YAML file under ``configs/sweep``, entry by entry, with the line of each mistake."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any, get_args

from experiments.config.sources import CONFIGS, leaves, read_yaml_file, sweep_names
from experiments.config.suggestions import did_you_mean, listing
from experiments.sweep.specification import OWN, SEED_SETTINGS, Axis, Change, EvaluatedSplit, Sweep, Variation, axis
from seethrough.errors import SeethroughError


def read_sweep(name: str, folder: Path = CONFIGS) -> Sweep:
    """Read ``configs/sweep/NAME.yaml`` by its name ``sweep/NAME``, or any file whose path ends in ``.yaml``.

    Raises:
        SeethroughError: one line with file, line and key.
    """
    path = Path(name) if name.endswith((".yaml", ".yml")) else folder / f"{name}.yaml"
    names = sweep_names(folder)
    if not path.is_file() or (name not in names and not name.endswith((".yaml", ".yml"))):
        kind = "a config, not a sweep" if path.is_file() else "no sweep"
        raise SeethroughError(
            f"'{name}' is {kind}{did_you_mean(name, names)}: name one of {listing(names)}, or a .yaml file, "
            "or give a grid: CONFIG... --grid KEY=VALUE,VALUE"
        )
    content, lines, label = read_yaml_file(path.resolve())
    return _Reader(content, lines, label).sweep(name, path.stem)


class _Reader:
    """Checks the content of a file, entry by entry."""

    def __init__(self, content: Mapping[str, Any], lines: Mapping[tuple[str, ...], int], label: str) -> None:
        self.content, self.lines, self.label = content, lines, label

    def sweep(self, word: str, name: str) -> Sweep:
        allowed = [each.name for each in fields(Sweep) if each.name not in ("name", "label", "words")]
        self.known(self.content, allowed, ())
        evaluate = self.content.get("evaluate")
        if evaluate is not None and evaluate not in get_args(EvaluatedSplit):
            raise self.error(("evaluate",), f"must be one of {listing(get_args(EvaluatedSplit))}, not {evaluate!r}")
        runs = self.runs()
        if not (runs or self.content.get("grid") or self.content.get("seeds")):
            raise SeethroughError(f"{self.label}: a sweep needs runs, a grid or seeds")
        return Sweep(
            name, self.label, (word,),
            configs=self.texts("configs"), common=self.texts("common"),
            settings=self.changes("settings"), runs=runs, grid=self.grid(), seeds=self.seeds(),
            seed_settings=self.texts("seed_settings") or SEED_SETTINGS,
            evaluate=evaluate, metrics=self.texts("metrics"), wandb=self.mapping("wandb"),
        )  # fmt: skip

    def error(self, keys: tuple[str, ...], text: str) -> SeethroughError:
        return SeethroughError(f"'{'.'.join(keys)}' in {self.source(keys)} {text}")

    def source(self, keys: tuple[str, ...]) -> str:
        line = next((self.lines[keys[:end]] for end in range(len(keys), 0, -1) if keys[:end] in self.lines), None)
        return f"{self.label}:{line}" if line else self.label

    def known(self, content: Mapping[str, Any], allowed: Iterable[str], where: tuple[str, ...]) -> None:
        allowed = list(allowed)
        for key in content:
            if key not in allowed:
                guess = did_you_mean(str(key), allowed) or f"; keys here: {listing(allowed)}"
                keys = (*where, str(key))
                raise SeethroughError(f"unknown key '{'.'.join(keys)}' in {self.source(keys)}{guess}")

    def mapping(self, key: str) -> Mapping[str, Any]:
        value = self.content.get(key)
        if value is not None and not isinstance(value, Mapping):
            raise self.error((key,), "must hold 'key: value' lines")
        return value or {}

    def texts(self, key: str) -> tuple[str, ...]:
        return self.words(self.content.get(key), (key,))

    def words(self, value: Any, keys: tuple[str, ...]) -> tuple[str, ...]:
        value = [value] if isinstance(value, str) else value or []
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            raise self.error(keys, "must be a text or a list of texts")
        return tuple(value)

    def changes(self, key: str) -> tuple[Change, ...]:
        return self.flat(self.mapping(key), (key,))

    def flat(self, content: Mapping[str, Any], where: tuple[str, ...]) -> tuple[Change, ...]:
        found = []
        for keys, value in leaves(dict(content)):
            dotted = ".".join(keys)
            if dotted in OWN:
                raise self.error((*where, *keys), "is what the sweep says itself to each run: leave it out")
            found.append(Change(dotted, value, self.source((*where, *keys))))
        return tuple(found)

    def grid(self) -> tuple[Axis, ...]:
        axes = []
        for change in self.flat(self.mapping("grid"), ("grid",)):
            axes.append(axis(change.key, change.value, change.source))
        return tuple(axes)

    def seeds(self) -> tuple[int, ...]:
        seeds = self.content.get("seeds") or []
        if not isinstance(seeds, list) or not all(type(seed) is int and seed >= 0 for seed in seeds):
            raise self.error(("seeds",), "must be a list of whole numbers from 0 on")
        if len(set(seeds)) < len(seeds):
            raise self.error(("seeds",), "has a seed twice")
        return tuple(seeds)

    def runs(self) -> tuple[Variation, ...]:
        entries = self.content.get("runs") or []
        if not isinstance(entries, list):
            raise self.error(("runs",), "must be a list, each item the name of a config, or name, configs and settings")
        return tuple(self.run(entry, number) for number, entry in enumerate(entries, start=1))

    def run(self, entry: Any, number: int) -> Variation:
        if isinstance(entry, str):
            return Variation(Path(entry).stem if entry.endswith(".yaml") else entry.rsplit("/", 1)[-1], (entry,))
        where = ("runs", str(number))
        if not isinstance(entry, Mapping):
            raise self.error(where, "must be the name of a config, or name, configs and settings")
        self.known(entry, ("name", "configs", "settings"), where)
        if not isinstance(entry.get("name"), str):
            raise self.error(where, "needs a name")
        settings = entry.get("settings") or {}
        if not isinstance(settings, Mapping):
            raise self.error((*where, "settings"), "must hold 'key: value' lines")
        configs = self.words(entry.get("configs"), (*where, "configs"))
        return Variation(entry["name"], configs, self.flat(settings, (*where, "settings")))
