"""From names and overrides to one typed, checked experiment."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from functools import lru_cache
from pathlib import Path
from typing import Any

from omegaconf import DictConfig, OmegaConf

from experiments.config import errors
from experiments.config.merging import apply, defaults
from experiments.config.registry import DATA_SETS, METHODS, DataSet, Method, data_sets_of, load_class
from experiments.config.resolving import resolve
from experiments.config.schema import ExperimentConfig
from experiments.config.sources import CONFIGS, OVERRIDES, Setting, read_configs, read_override
from seethrough.errors import SeethroughError

# What is said about one start of a training. Kept with a run, it would be said again by whoever trains from its config:
# a run that was made with overwrite=true would remove itself.
_ONE_START = {"resume": None, "overwrite": False, "allow_changes": False}


@dataclass(frozen=True)
class Composition:
    """A composed experiment."""

    config: ExperimentConfig
    """Dataclass instances all the way down; nothing below needs OmegaConf."""
    plain: dict[str, Any]
    """The same as plain types, without interpolations."""
    sources: Mapping[str, str]
    """Which file and line or which override set a dotted key; keys at their default are absent."""
    method: Method
    data_set: DataSet

    @property
    def lasting(self) -> dict[str, Any]:
        """``plain`` without what only this start was told (``resume``, ``overwrite``, ``allow_changes``).

        This is what run folders and checkpoints keep.
        """
        return {**self.plain, **_ONE_START}

    def yaml(self) -> str:
        """Return the resolved config as YAML text that composes to itself."""
        return as_yaml(self.plain)


def as_yaml(plain: Mapping[str, Any]) -> str:
    """Return a config of plain types as YAML text."""
    return OmegaConf.to_yaml(OmegaConf.create(dict(plain)))


def compose(names: Iterable[str], overrides: Iterable[str] = (), folder: Path = CONFIGS) -> Composition:
    """Merge dataclass defaults, then the named YAML files from left to right, then the overrides; check and resolve.

    Args:
        names: configs below ``folder`` without their suffix, or paths that end in ``.yaml``.
        overrides: ``key=value`` texts.
        folder: where named configs lie.

    Raises:
        SeethroughError: one line with the file or override it came from, for every mistake a user can make.
    """
    settings = _settings(names, overrides, folder)
    settings = _without_replaced(_without_replaced(settings, "method", "model"), "dataset", "data")
    method_name, data_name = _choice("method", settings, METHODS), _choice("dataset", settings, DATA_SETS)
    method, data_set = METHODS.get(method_name or ""), DATA_SETS.get(data_name or "")
    if method is not None and data_set is not None and not data_set.fits(str(method_name)):
        source = next(setting.source for setting in reversed(settings) if setting.path == ("dataset",))
        raise errors.unfit_data(str(data_name), source, str(method_name), data_sets_of(str(method_name)))
    settings = _without_foreign(settings, data_set)
    root = schema(method, data_set)
    sources = apply(root, settings, _absent(method, data_set))
    if method is None:
        raise errors.nothing_chosen("method", METHODS, "focus")
    if data_set is None:
        raise errors.nothing_chosen("dataset", DATA_SETS, "data/synthetic")
    plain = resolve(root, sources)
    config = _instantiate(root)
    _refuse(config, method_name or "", method, sources)
    return Composition(config, plain, sources, method, data_set)


def schema(method: Method | None, data_set: DataSet | None) -> DictConfig:
    """Return the defaults of an experiment with the groups of a method and a data set in their places."""
    groups = [None if each is None else load_class(each.config) for each in (method, data_set)]
    return copy.deepcopy(_defaults(*groups))


@lru_cache(maxsize=32)
def _defaults(model: type | None, data: type | None) -> DictConfig:
    root = OmegaConf.structured(ExperimentConfig)
    if model is not None:
        root.model = defaults(model)
    if data is not None:
        root.data = defaults(data)
    return root


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


def _absent(method: Method | None, data_set: DataSet | None) -> dict[str, tuple[str, list[str]]]:
    """Return the groups that cannot be set yet: what chooses them, and the choices."""
    absent = {}
    if method is None:
        absent["model"] = ("method", list(METHODS))
    if data_set is None:
        absent["data"] = ("dataset", list(DATA_SETS))
    return absent


def _instantiate(root: DictConfig) -> ExperimentConfig:
    """Make the dataclasses, group by group, so that a refusal by ``__post_init__`` names its group."""
    for group in ("model", "data", "trainer", "checkpoint"):
        try:
            OmegaConf.to_object(root[group])
        except SeethroughError:
            raise
        except (ValueError, TypeError) as error:
            raise errors.bad_setting(group, " ".join(str(error).split())) from None
    config = OmegaConf.to_object(root)
    assert isinstance(config, ExperimentConfig)
    return config


def _refuse(config: ExperimentConfig, name: str, method: Method, sources: Mapping[str, str]) -> None:
    for key, instead in method.refused.items():
        group, _, field = key.partition(".")
        default = getattr(type(getattr(config, group))(), field)
        if getattr(getattr(config, group), field) != default:
            raise errors.refused_setting(key, sources.get(key, "the defaults"), name, instead)
