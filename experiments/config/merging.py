"""Applying settings to a structured config one by one, so that each mistake is traced to where it was written."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import UnionType
from typing import Any, Literal, Union, get_args, get_origin

from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from experiments.config import errors
from experiments.config.sources import Setting


def defaults(schema: type) -> DictConfig:
    """Return a dataclass as a structured config with its defaults."""
    return OmegaConf.structured(schema)


def apply(root: DictConfig, settings: Iterable[Setting], absent: Mapping[str, tuple[str, list[str]]]) -> dict[str, str]:
    """Write settings into ``root`` in order and return the source of each dotted key that was set.

    Args:
        root: a structured config; changed in place.
        settings: from files and overrides, later ones win.
        absent: groups that cannot be set, each with the key that would choose it and the choices.

    Raises:
        SeethroughError: unknown key, wrong type, bad choice, group replaced by a value, key of a missing group.
    """
    sources: dict[str, str] = {}
    for setting in settings:
        if setting.path[0] in absent and (len(setting.path) > 1 or setting.value is not None):
            selector, choices = absent[setting.path[0]]
            raise errors.missing_group(setting.key, setting.path[0], selector, setting.source, choices)
        _set(root, setting)
        for key in [key for key in sources if key.startswith(setting.key + ".")]:
            del sources[key]
        sources[setting.key] = setting.source
    return sources


def keys_of(node: DictConfig, prefix: str = "") -> list[str]:
    """Return all dotted keys below a node, groups before what they hold."""
    keys = []
    for name in node:
        key = f"{prefix}{name}"
        keys.append(key)
        child = node._get_node(name)
        if isinstance(child, DictConfig) and not child._is_none() and not child._is_missing():
            keys += keys_of(child, key + ".")
    return keys


def _set(root: DictConfig, setting: Setting) -> None:
    node = root
    for depth, name in enumerate(setting.path[:-1]):
        child = _child(root, node, name, setting, depth)
        if not isinstance(child, DictConfig):
            key = ".".join(setting.path[: depth + 1])
            raise errors.value_is_not_a_group(key, setting.source, setting.path[depth + 1])
        if child._is_none() or child._is_missing():
            _fill(node, name, child)
            child = node._get_node(name)
        assert isinstance(child, DictConfig)
        node = child
    name = setting.path[-1]
    leaf = _child(root, node, name, setting, len(setting.path) - 1)
    kind = _expected_type(node, leaf)
    value = _converted(kind, setting)
    if _is_group(leaf) and isinstance(value, dict) and not value:
        return
    if (
        _is_group(leaf)
        and not (value is None and leaf._is_optional())
        and not (len(setting.path) > 1 and _is_interpolation(value))
    ):
        raise errors.group_replaced(setting.key, value, setting.source, map(str, leaf))
    try:
        OmegaConf.update(node, name, value, merge=False)
    except (OmegaConfBaseException, ValueError, TypeError) as error:
        choices = map(str, get_args(kind)) if get_origin(kind) is Literal else ()
        expected = describe(kind, str(error))
        raise errors.bad_value(setting.key, setting.value, expected, setting.source, choices) from None


def _child(root: DictConfig, node: DictConfig, name: str, setting: Setting, depth: int) -> Any:
    """Return the node below ``node``; a free mapping gets new keys, a dataclass does not."""
    structured = isinstance(node._metadata.object_type, type) and node._metadata.object_type is not dict
    if name not in map(str, node.keys()) and structured:
        key = ".".join(setting.path[: depth + 1])
        raise errors.unknown_key(key, setting.source, map(str, node), keys_of(root))
    return node._get_node(name)


def _fill(node: DictConfig, name: str, child: DictConfig) -> None:
    """Put the defaults of an optional group in its place, so that its keys can be set."""
    kind = child._metadata.ref_type
    arguments = [argument for argument in get_args(kind) if argument is not type(None)]
    node[name] = OmegaConf.structured(arguments[0] if arguments else kind) if not _is_mapping(kind) else {}


def _is_mapping(kind: Any) -> bool:
    return kind is dict or get_origin(kind) is dict


def _is_group(leaf: Any) -> bool:
    return isinstance(leaf, DictConfig) and not _is_mapping(leaf._metadata.object_type)


def _is_interpolation(value: Any) -> bool:
    return isinstance(value, str) and value.startswith("${")


def _expected_type(node: DictConfig, leaf: Any) -> Any:
    """Return the type that a value must have, without ``None`` where that is the only alternative."""
    if leaf is None:
        return node._metadata.element_type
    kind = leaf._metadata.ref_type
    arguments = [argument for argument in get_args(kind) if argument is not type(None)]
    return arguments[0] if _is_union(kind) and len(arguments) == 1 else kind


def _converted(kind: Any, setting: Setting) -> Any:
    """Return the value with the conversions that lose nothing: ``1`` for a number, ``yes`` for a truth value.

    Where a text is expected, an override counts as it was typed: ``name=007`` is no number.
    """
    value = setting.value
    if kind is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if kind is bool and isinstance(value, str):
        return {"yes": True, "on": True, "no": False, "off": False}.get(value.lower(), value)
    if kind is str and isinstance(value, bool | int | float):
        return str(value) if setting.raw is None else setting.raw.strip()
    return value


def _is_union(kind: Any) -> bool:
    return get_origin(kind) in (Union, UnionType)


def describe(kind: Any, fallback: str = "another value") -> str:
    """Return what a type expects, in words."""
    names = {int: "a whole number", float: "a number", bool: "true or false", str: "a text"}
    if kind in names:
        return names[kind]
    origin, arguments = get_origin(kind), get_args(kind)
    if origin is Literal:
        return "one of " + ", ".join(str(choice) for choice in arguments)
    if origin is list:
        return f"a list, each item {describe(arguments[0])}"
    if origin is tuple:
        return "a list of " + ", ".join(describe(item) for item in arguments if item is not Ellipsis)
    if origin is dict:
        return f"keys, each with {describe(arguments[1])}"
    if _is_union(kind):
        return " or ".join("null" if item is type(None) else describe(item) for item in arguments)
    return fallback.splitlines()[0]
