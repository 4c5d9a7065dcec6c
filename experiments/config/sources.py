"""Reading configs: YAML files by name with their ``extends`` parents, and ``key=value`` overrides."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

from experiments.config import errors
from experiments.config.yaml_loader import ConfigLoader, parse

CONFIGS = Path(__file__).resolve().parents[2] / "configs"
SWEEPS = "sweep"
"""The folder of sweeps, which are no configs: each of them is many."""
OVERRIDES = "overrides"


@dataclass(frozen=True)
class Setting:
    """One ``key: value`` from one place; the value is a plain scalar or list, or an empty mapping."""

    path: tuple[str, ...]
    """Keys from the root."""
    value: Any
    source: str
    """Where it stands, for messages: ``configs/focus.yaml:12`` or ``override 'a.b=1'``."""
    origin: str
    """The file it comes from; all overrides count as one."""
    raw: str | None = None
    """The text of an override's value, before YAML made a number or a truth value of it."""

    @property
    def key(self) -> str:
        """The dotted key."""
        return ".".join(self.path)


def config_names(folder: Path = CONFIGS) -> list[str]:
    """Return the names of all configs: paths below ``folder`` without ``.yaml``."""
    names = (path.relative_to(folder).with_suffix("").as_posix() for path in folder.rglob("*.yaml"))
    return sorted(name for name in names if not name.startswith(f"{SWEEPS}/"))


def sweep_names(folder: Path = CONFIGS) -> list[str]:
    """Return the names of all sweeps."""
    return sorted(f"{SWEEPS}/{path.stem}" for path in (folder / SWEEPS).glob("*.yaml"))


def read_configs(names: Iterable[str], folder: Path = CONFIGS) -> list[Setting]:
    """Return the settings of the named files in merging order.

    A parent comes before the file that extends it, and each file once, where it is first needed. A name is a path below
    ``folder`` without its suffix; a name that ends in ``.yaml`` is a path of its own.

    Raises:
        SeethroughError: for an unknown name, a file that cannot be read, a YAML error, a circle of ``extends``.
    """
    settings: list[Setting] = []
    merged: set[Path] = set()

    def merge(name: str, origin: str, chain: list[str], base: Path) -> None:
        path = _find(name, origin, folder, base)
        if path in (_find(link, "", folder, base) for link in chain):
            raise errors.cyclic_extends([*chain, name])
        if path in merged:
            return
        content, lines, label = read_yaml_file(path)
        parents = content.pop("extends", [])
        parents = [parents] if isinstance(parents, str) else parents
        if not isinstance(parents, list) or not all(isinstance(parent, str) for parent in parents):
            raise errors.bad_extends(label)
        for parent in parents:
            merge(parent, f" that {label} extends", [*chain, name], path.parent)
        merged.add(path)
        for keys, value in leaves(content):
            line = lines.get(keys)
            settings.append(Setting(keys, value, f"{label}:{line}" if line else label, str(path)))

    for name in names:
        merge(name, "", [], Path.cwd())
    return settings


def read_override(override: str) -> list[Setting]:
    """Return the settings of ``a.b=value``; the value is YAML: a number, a text, ``[1, 2]``, ``{a: 1}``, ``null``.

    Raises:
        SeethroughError: for a malformed key or a value that is no YAML.
    """
    key, equals, text = override.partition("=")
    path = tuple(key.strip().split("."))
    if not equals or not all(part and not any(c.isspace() for c in part) for part in path):
        raise errors.bad_override(override)
    source = f"override '{override}'"
    try:
        value = parse(text)
    except yaml.YAMLError as error:
        hint = f"""; a text that begins with a brace needs quotes: '{key}="{text}"'""" if _braced(text) else ""
        raise errors.bad_yaml(source, None, _reason(error) + hint) from None
    if isinstance(value, dict) and value:
        return [Setting((*path, *keys), leaf, source, OVERRIDES) for keys, leaf in leaves(value)]
    return [Setting(path, value, source, OVERRIDES, raw=text)]


def _find(name: str, origin: str, folder: Path, base: Path) -> Path:
    path = base / name if name.endswith((".yaml", ".yml")) else folder / f"{name}.yaml"
    if name in sweep_names(folder):
        raise errors.is_a_sweep(name)
    if not path.is_file():
        raise errors.unknown_config(name, origin, config_names(folder))
    return path.resolve()


def read_yaml_file(path: Path) -> tuple[dict[str, Any], dict[tuple[str, ...], int], str]:
    """Return the content of a YAML file, the line of each key, and the name of the file for messages.

    Raises:
        SeethroughError: it cannot be read, is no YAML, or holds no mapping.
    """
    root = CONFIGS.parent
    label = path.relative_to(root).as_posix() if path.is_relative_to(root) else str(path)
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise errors.unreadable_config(label, getattr(error, "strerror", None) or "it is not UTF-8 text") from None
    try:
        content, lines = _parsed(text)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = text.splitlines()[mark.line].partition(":")[2] if mark and mark.line < len(text.splitlines()) else ""
        hint = f"""; a text that begins with a brace needs quotes: "{line.strip()}\"""" if _braced(line) else ""
        raise errors.bad_yaml(label, mark.line + 1 if mark else None, _reason(error) + hint) from None
    if content is None:
        content = {}
    if not isinstance(content, dict):
        raise errors.not_a_mapping(label, "a list" if isinstance(content, list) else "a single value")
    return copy.deepcopy(content), lines, label


@lru_cache(maxsize=256)
def _parsed(text: str) -> tuple[Any, dict[tuple[str, ...], int]]:
    """Return the content of a YAML text and the line of each key; the studies compose the same few files many times."""
    loader = ConfigLoader(text)
    node = loader.get_single_node()
    lines = dict(_lines(node))
    return (None if node is None else loader.construct_document(node)), lines


def _braced(text: str) -> bool:
    """Return whether a value that is no YAML may be meant as a text, such as ``{identity}/{id}.jpg``."""
    return text.strip().startswith("{") and '"' not in text and "'" not in text


def _reason(error: yaml.YAMLError) -> str:
    reason = getattr(error, "problem", None) or str(error)
    return " ".join(str(reason).split())


def leaves(content: dict[Any, Any], path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Yield (keys from the root, value) of what is in nested mappings; an empty one counts as a value."""
    for key, value in content.items():
        here = (*path, str(key))
        if isinstance(value, dict) and value:
            yield from leaves(value, here)
        else:
            yield here, value


def _lines(node: yaml.Node | None, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], int]]:
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            here = (*path, str(key.value))
            yield here, key.start_mark.line + 1
            yield from _lines(value, here)
