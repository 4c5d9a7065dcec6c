"""From names and overrides to one typed, checked experiment."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from omegaconf import DictConfig, OmegaConf

from experiments.config import errors
from experiments.config.choosing import chosen
from experiments.config.merging import apply, defaults
from experiments.config.registry import DATA_SETS, METHODS, DataSet, Method, load_class
from experiments.config.resolving import as_far_as_known, resolve
from experiments.config.schema import ExperimentConfig
from experiments.config.sources import CONFIGS
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
    settings, method_name, method, data_set = chosen(names, overrides, folder)
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


def preview(names: Iterable[str], overrides: Iterable[str] = (), folder: Path = CONFIGS) -> dict[str, Any]:
    """Return the values that names and overrides give so far, as plain types: for who has not yet chosen everything.

    Raises:
        SeethroughError: as :func:`compose`, but for what is only missing.
    """
    settings, _, method, data_set = chosen(names, overrides, folder)
    absent = _absent(method, data_set)
    root = schema(method, data_set)
    apply(root, [setting for setting in settings if setting.path[0] not in absent], {})
    return as_far_as_known(root)


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
