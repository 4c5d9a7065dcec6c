"""Which of the settings in named files and overrides count, and what they choose."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

from experiments.config import errors
from experiments.config.registry import DATA_SETS, METHODS, DataSet, Method, data_sets_of, load_class
from experiments.config.sources import CONFIGS, OVERRIDES, Setting, read_configs, read_override


def chosen(
    names: Iterable[str], overrides: Iterable[str], folder: Path
) -> tuple[list[Setting], str | None, Method | None, DataSet | None]:
    """Return the settings that count, the method's name, the method, and the data set; None for what is not chosen.

    Raises:
        SeethroughError: no such config, method or data set, or a method and a data set that do not go together.
    """
    settings = _settings(names, overrides, folder)
    settings = _without_replaced(_without_replaced(settings, "method", "model"), "dataset", "data")
    name, data_name = _choice("method", settings, METHODS), _choice("dataset", settings, DATA_SETS)
    method, data_set = METHODS.get(name or ""), DATA_SETS.get(data_name or "")
    if name is not None and data_set is not None and not data_set.fits(name):
        source = next(setting.source for setting in reversed(settings) if setting.path == ("dataset",))
        raise errors.unfit_data(str(data_name), source, name, data_sets_of(name))
    return _without_foreign(settings, data_set), name, method, data_set


def selected(
    names: Iterable[str], overrides: Iterable[str] = (), folder: Path = CONFIGS
) -> tuple[str | None, str | None]:
    """Return the method and the data set that names and overrides choose, without checking anything else."""
    settings = _settings(names, overrides, folder)
    return _choice("method", settings, METHODS), _choice("dataset", settings, DATA_SETS)


def _settings(names: Iterable[str], overrides: Iterable[str], folder: Path) -> list[Setting]:
    settings = read_configs(names, folder)
    for override in overrides:
        settings += read_override(override)
    return settings


def _without_replaced(settings: list[Setting], selector: str, group: str) -> list[Setting]:
    """Drop the settings of a group that were made for another choice than the one that a later file or override makes.

    ``runs/a/config.yaml data/other`` takes everything but the data of run a.
    """
    kept: list[Setting] = []
    chosen: Setting | None = None
    for setting in settings:
        if setting.path == (selector,):
            if chosen is not None and chosen.value != setting.value:
                kept = [s for s in kept if s.path[0] != group or s.origin == setting.origin]
            chosen = setting
        kept.append(setting)
    return kept


def _without_foreign(settings: list[Setting], data_set: DataSet | None) -> list[Setting]:
    """Drop what files that choose no data set say of ``data`` for other data sets than the chosen one.

    A preset names a number of rendered faces, and may be used with photos all the same. A key that no data set has
    stays, and is an error; so does whatever an override says.
    """
    if data_set is None:
        return settings
    choosing = {setting.origin for setting in settings if setting.path == ("dataset",)} | {OVERRIDES}
    own = {field.name for field in fields(load_class(data_set.config))}

    def foreign(setting: Setting) -> bool:
        if setting.path[0] != "data" or len(setting.path) < 2 or setting.origin in choosing or setting.path[1] in own:
            return False
        others = (other for other in DATA_SETS.values() if other is not data_set)
        return any(setting.path[1] in (f.name for f in fields(load_class(other.config))) for other in others)

    return [setting for setting in settings if not foreign(setting)]


def _choice(selector: str, settings: list[Setting], registry: Mapping[str, Any]) -> str | None:
    chosen = [setting for setting in settings if setting.path == (selector,)]
    if not chosen:
        return None
    name = chosen[-1].value
    if not isinstance(name, str) or name not in registry:
        raise errors.unknown_choice(selector, name, chosen[-1].source, registry)
    return name
