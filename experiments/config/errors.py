"""Every message of the config layer, in one place: what is wrong, where it stands, what to do."""

from __future__ import annotations

from collections.abc import Iterable

from experiments.config.suggestions import did_you_mean, did_you_mean_elsewhere, listing
from seethrough.errors import SeethroughError


def unknown_flag(flag: str, flags: Iterable[str]) -> SeethroughError:
    """A ``--flag`` that no command has."""
    flags = list(flags)
    return SeethroughError(f"unknown option '{flag}'{did_you_mean(flag, flags)}; options: {listing(flags)}")


def unknown_config(name: str, origin: str, names: Iterable[str]) -> SeethroughError:
    """A config name without a file."""
    names = list(names)
    guess = did_you_mean(name, names) or did_you_mean_elsewhere(name, names) or f"; there are: {listing(names)}"
    return SeethroughError(f"unknown config '{name}'{origin}{guess}")


def is_a_sweep(name: str) -> SeethroughError:
    """A sweep where one experiment is asked for."""
    return SeethroughError(f"'{name}' is a sweep of several runs: python -m experiments.sweep {name}")


def unreadable_config(path: str, reason: str) -> SeethroughError:
    """A YAML file that cannot be opened or decoded."""
    return SeethroughError(f"cannot read config {path}: {reason}")


def bad_yaml(source: str, line: int | None, reason: str) -> SeethroughError:
    """A syntax error."""
    where = f"{source}:{line}" if line else source
    return SeethroughError(f"YAML syntax error in {where}: {reason}")


def not_a_mapping(source: str, kind: str) -> SeethroughError:
    """A YAML file whose top level is a list or a single value."""
    return SeethroughError(f"{source} must hold 'key: value' lines, but its top level is {kind}")


def bad_extends(source: str) -> SeethroughError:
    """An ``extends`` that is neither a name nor a list of names."""
    return SeethroughError(f"'extends' in {source} must be a config name or a list of config names")


def cyclic_extends(chain: list[str]) -> SeethroughError:
    """Files that extend each other in a circle."""
    return SeethroughError(f"configs extend each other in a circle: {' -> '.join(chain)}; remove one 'extends'")


def bad_override(override: str) -> SeethroughError:
    """An override without a usable key."""
    return SeethroughError(f"override '{override}' is not of the form key=value, such as trainer.devices=2")


def unknown_key(key: str, source: str, siblings: Iterable[str], every_key: Iterable[str]) -> SeethroughError:
    """A key that no dataclass has."""
    siblings = list(siblings)
    last = key.rsplit(".", 1)[-1]
    guess = (
        did_you_mean(last, siblings) or did_you_mean_elsewhere(last, every_key) or f"; keys here: {listing(siblings)}"
    )
    return SeethroughError(f"unknown key '{key}' in {source}{guess}")


def missing_group(key: str, group: str, selector: str, source: str, choices: Iterable[str]) -> SeethroughError:
    """A key of ``model`` or ``data`` while none is chosen."""
    return SeethroughError(
        f"'{key}' in {source}, but '{group}' is empty: no {selector} is chosen; "
        f"name a config that sets one, or add {selector}=NAME (there are: {listing(choices)})"
    )


def nothing_chosen(selector: str, choices: Iterable[str], example: str) -> SeethroughError:
    """No method or data set at all."""
    return SeethroughError(
        f"no {selector} is chosen: name a config such as '{example}' (there are: {listing(choices)})"
    )


def unknown_choice(selector: str, name: object, source: str, choices: Iterable[str]) -> SeethroughError:
    """A method or data set that is not registered."""
    choices = list(choices)
    guess = did_you_mean(str(name), choices)
    return SeethroughError(f"unknown {selector} '{name}' in {source}{guess}; there are: {listing(choices)}")


def unfit_data(name: str, source: str, method: str, fitting: Iterable[str]) -> SeethroughError:
    """A data set whose samples lack what the method learns from."""
    return SeethroughError(
        f"the data set '{name}' in {source} does not go with method '{method}', which takes "
        f"{listing(f'data/{each}' for each in fitting)}"
    )


def group_replaced(key: str, value: object, source: str, children: Iterable[str]) -> SeethroughError:
    """A whole group set to a single value or a list."""
    children = list(children)
    return SeethroughError(
        f"'{key}' in {source} is a group of settings and cannot be {value!r}; "
        f"set one of its keys, such as {key}.{children[0] if children else 'KEY'}"
    )


def value_is_not_a_group(key: str, source: str, child: str) -> SeethroughError:
    """A key below a plain value."""
    return SeethroughError(f"'{key}' in {source} is a single value and has no key '{child}'")


def bad_value(key: str, value: object, expected: str, source: str, choices: Iterable[object] = ()) -> SeethroughError:
    """A value of the wrong type, or none of the choices."""
    guess = did_you_mean(str(value), map(str, choices))
    return SeethroughError(f"'{key}' in {source} must be {expected}, not {value!r}{guess}")


def missing_values(keys: list[str]) -> SeethroughError:
    """Required settings that nobody gave."""
    verb = "has" if len(keys) == 1 else "have"
    return SeethroughError(f"{listing(keys)} {verb} no value: add {keys[0]}=VALUE, or set it in a config file")


def bad_interpolation(key: str, source: str, reason: str) -> SeethroughError:
    """A ``${...}`` that cannot be resolved."""
    return SeethroughError(f"'{key}' in {source} cannot be resolved: {reason}")


def refused_setting(key: str, source: str, method: str, instead: str) -> SeethroughError:
    """A trainer setting that the method cannot honour."""
    return SeethroughError(f"'{key}' in {source} does not work with method '{method}': {instead}")


def bad_setting(key: str, reason: str) -> SeethroughError:
    """A group whose own check refused it."""
    return SeethroughError(f"bad settings in '{key}': {reason}")
