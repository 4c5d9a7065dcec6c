"""``--help`` from the dataclasses: every key with its type, its value and the docstring below its attribute."""

from __future__ import annotations

import ast
import dataclasses
import inspect
import re
import textwrap
from collections.abc import Iterator, Mapping
from typing import Any, Literal, get_args, get_origin, get_type_hints

from omegaconf import MISSING

from experiments.config.registry import DATA_SETS, METHODS, load_class
from experiments.config.schema import ExperimentConfig
from experiments.config.sources import CONFIGS, config_names

FLAGS = {
    "--help": "print this; after config names, also the settings of their method and data set",
    "--print-config": "print the resolved config and leave",
    "--check": "compose the config, build model and data, say how the work is shared out, and leave without training",
}


def attribute_docstrings(cls: type) -> dict[str, str]:
    """Return the docstring below each attribute of a class and its bases, white space folded."""
    found: dict[str, str] = {}
    for base in reversed(cls.__mro__[:-1]):
        body = ast.parse(textwrap.dedent(inspect.getsource(base))).body[0]
        assert isinstance(body, ast.ClassDef)
        for statement, following in zip(body.body, body.body[1:], strict=False):
            if (
                isinstance(statement, ast.AnnAssign)
                and isinstance(statement.target, ast.Name)
                and isinstance(following, ast.Expr)
                and isinstance(following.value, ast.Constant)
                and isinstance(following.value.value, str)
            ):
                found[statement.target.id] = " ".join(following.value.value.split())
    return found


def help_text(
    program: str,
    description: str,
    method: str | None = None,
    data_set: str | None = None,
    values: Mapping[str, Any] | None = None,
    said: str = "",
) -> str:
    """Return the help of a command that takes config names and overrides.

    Args:
        program: how it is called, ``python -m experiments.train``.
        description: one sentence.
        method: name whose settings to list under ``model``; None lists the methods.
        data_set: name whose settings to list under ``data``.
        values: those of a composed config, which count in the place of the defaults.
        said: the words that they come from.
    """
    values = values or {}
    lines = [f"usage: {program} CONFIG... [KEY=VALUE...] [{'] ['.join(FLAGS)}]", "", description, ""]
    lines += ["configs are merged from left to right; overrides come last. In configs/:"]
    lines += _wrapped("  ", ", ".join(config_names(CONFIGS)))
    lines += ["", "options:"] + [f"  {flag:<15} {text}" for flag, text in FLAGS.items()] + [""]
    lines += [f"keys, with the values that they have in '{said}':" if said else "keys, with their defaults:"]
    lines += [line for key, field in _fields(ExperimentConfig, "") for line in _entry(key, field, values)]
    for group, name, registry in (("model", method, METHODS), ("data", data_set, DATA_SETS)):
        if name in registry:
            schema = load_class(registry[name].config)
            lines += ["", f"{group} ({name}): {_plain((inspect.getdoc(schema) or '').splitlines()[0])}"]
            lines += [line for key, field in _fields(schema, group + ".") for line in _entry(key, field, values)]
        else:
            what = "method" if group == "model" else "dataset"
            lines += ["", f"{group}: add a config name to list the settings of its {what} ({', '.join(registry)})"]
    return "\n".join(lines)


@dataclasses.dataclass(frozen=True)
class _Field:
    kind: str
    default: str
    text: str


def _fields(cls: Any, prefix: str) -> Iterator[tuple[str, _Field]]:
    """Yield the leaves of a dataclass, groups opened."""
    texts, kinds = attribute_docstrings(cls), get_type_hints(cls)
    for field in dataclasses.fields(cls):
        kind = kinds[field.name]
        if dataclasses.is_dataclass(kind):
            yield from _fields(kind, f"{prefix}{field.name}.")
        elif prefix or field.name not in ("model", "data"):
            yield prefix + field.name, _Field(_kind(kind), _default(field), texts.get(field.name, ""))


def _kind(kind: Any) -> str:
    if get_origin(kind) is Literal:
        return " | ".join(map(str, get_args(kind)))
    if kind is type(None):
        return "null"
    if isinstance(kind, type) and not get_args(kind):
        return kind.__name__
    if get_origin(kind) in (list, tuple, dict):
        return str(kind)
    return " | ".join(_kind(part) for part in get_args(kind)) or str(kind)


def _default(field: dataclasses.Field[Any]) -> str:
    value = field.default
    if field.default_factory is not dataclasses.MISSING:
        value = field.default_factory()
    return _text(MISSING if value is dataclasses.MISSING else value)


def _text(value: Any) -> str:
    """Return a value as it is written in YAML."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{key}: {_text(item)}" for key, item in value.items()) + "}"
    if isinstance(value, str):
        return "required" if value == MISSING else value
    words = {None: "null", True: "true", False: "false"}
    return words[value] if value is None or isinstance(value, bool) else str(value)


def _entry(key: str, field: _Field, values: Mapping[str, Any]) -> list[str]:
    value: Any = values
    for name in key.split("."):
        value = value.get(name, dataclasses.MISSING) if isinstance(value, Mapping) else dataclasses.MISSING
    shown = field.default if value is dataclasses.MISSING else _text(value)
    return [f"  {key} = {shown}    [{field.kind}]", *_wrapped("      ", _plain(field.text))]


def _plain(text: str) -> str:
    """Return a docstring without its markup: a reference is the name alone."""
    return re.sub(r":\w+:`~?(?:[\w.]+\.)?(\w+)`", r"\1", text).replace("``", "`")


def _wrapped(indent: str, text: str) -> list[str]:
    return textwrap.wrap(text, 110, initial_indent=indent, subsequent_indent=indent, break_on_hyphens=False)
