"""From merged settings to their values: what refers to other settings, and what is missing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import InterpolationKeyError, OmegaConfBaseException

from experiments.config import errors


def resolve(root: DictConfig, sources: Mapping[str, str]) -> dict[str, Any]:
    """Return a config as plain types, its ``${...}`` replaced in place.

    Args:
        root: merged settings.
        sources: which file or override set a dotted key, for messages.

    Raises:
        SeethroughError: a required value is missing, or a ``${...}`` refers to nothing.
    """
    try:
        missing = OmegaConf.missing_keys(root)
        if missing:
            raise errors.missing_values(sorted(missing))
        OmegaConf.resolve(root)
        plain = OmegaConf.to_container(root, throw_on_missing=True)
    except OmegaConfBaseException as error:
        key = error.full_key or _unresolvable(root, sources)
        reason = str(error.msg or error).splitlines()[0]
        if isinstance(error, InterpolationKeyError):
            reason = reason.replace("Interpolation key", "there is no key").removesuffix(" not found")
        raise errors.bad_interpolation(key, sources.get(key, "the defaults"), reason) from None
    except RecursionError:
        raise errors.bad_interpolation("config", "the files named", "interpolations refer to each other") from None
    assert isinstance(plain, dict)
    return {str(key): value for key, value in plain.items()}


def as_far_as_known(root: DictConfig) -> dict[str, Any]:
    """Return a config as plain types; what is missing is ``???``, and ``${...}`` may stay."""
    try:
        plain = OmegaConf.to_container(root, resolve=True)
    except OmegaConfBaseException:
        plain = OmegaConf.to_container(root, resolve=False)
    assert isinstance(plain, dict)
    return {str(key): value for key, value in plain.items()}


def _unresolvable(root: DictConfig, sources: Mapping[str, str]) -> str:
    """Return the first key that was set and cannot be read, for errors that do not name theirs."""
    for key in sources:
        try:
            OmegaConf.select(root, key)
        except OmegaConfBaseException:
            return key
    return "config"
