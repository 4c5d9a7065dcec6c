"""YAML as configs need it: ``1e-3`` is a number, ``on`` and ``2026-01-31`` are texts, a key may stand only once."""

from __future__ import annotations

import re
from typing import Any

import yaml

_FLOAT = re.compile(
    r"""^[-+]?(?:[0-9][0-9_]*\.[0-9_]*(?:[eE][-+]?[0-9]+)?
    |[0-9][0-9_]*[eE][-+]?[0-9]+
    |\.[0-9][0-9_]*(?:[eE][-+]?[0-9]+)?
    |\.(?:inf|Inf|INF))$
    |^\.(?:nan|NaN|NAN)$""",
    re.VERBOSE,
)
_INTEGER = re.compile(r"^[-+]?(?:0|[1-9][0-9_]*)$")
_TRUTH = re.compile(r"^(?:true|True|TRUE|false|False|FALSE)$")


class ConfigLoader(yaml.SafeLoader):
    """A safe loader with the number and truth-value rules of YAML 1.2."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        """Refuse a key that stands twice, which plain YAML lets the last one win."""
        self.flatten_mapping(node)
        seen = set()
        for key, _ in node.value:
            if key.value in seen:
                raise yaml.constructor.ConstructorError(None, None, f"key '{key.value}' stands twice", key.start_mark)
            seen.add(key.value)
        return super().construct_mapping(node, deep)


_REPLACED = ("bool", "int", "float", "timestamp")
ConfigLoader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag.rsplit(":", 1)[-1] not in _REPLACED]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
ConfigLoader.add_implicit_resolver("tag:yaml.org,2002:float", _FLOAT, list("-+0123456789."))
ConfigLoader.add_implicit_resolver("tag:yaml.org,2002:int", _INTEGER, list("-+0123456789"))
ConfigLoader.add_implicit_resolver("tag:yaml.org,2002:bool", _TRUTH, list("tTfF"))


def parse(text: str) -> Any:
    """Return what a YAML text holds; raises ``yaml.YAMLError``."""
    return yaml.load(text, Loader=ConfigLoader)
