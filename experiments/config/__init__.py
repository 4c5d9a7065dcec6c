"""The config layer: dataclasses, named YAML files merged from left to right, overrides, one-line errors."""
