"""The command line of everything that takes an experiment: config names, overrides, three flags."""

from __future__ import annotations

from collections.abc import Sequence

from experiments.config import errors
from experiments.config.choosing import selected
from experiments.config.composition import preview
from experiments.config.help import FLAGS, help_text

CONFIG_KEY = "config"
"""``config=NAME`` is NAME, for programs that can only say ``key=value``, such as agents of W&B sweeps."""


def split_words(words: Sequence[str]) -> tuple[list[str], list[str]]:
    """Split words that are no flags into config names and overrides."""
    words = [word.removeprefix(f"{CONFIG_KEY}=") for word in words]
    return [word for word in words if "=" not in word], [word for word in words if "=" in word]


def read_arguments(arguments: Sequence[str], program: str, description: str) -> tuple[list[str], list[str], list[str]]:
    """Return config names, overrides and flags; prints the help where it is asked for or nothing is given.

    Raises:
        SeethroughError: for an unknown flag.
    """
    flags = ["--help" if argument == "-h" else argument for argument in arguments if argument.startswith("-")]
    for flag in flags:
        if flag not in FLAGS:
            raise errors.unknown_flag(flag, FLAGS)
    words = [argument for argument in arguments if not argument.startswith("-")]
    names, overrides = split_words(words)
    if not words and not flags:
        flags = ["--help"]
    if "--help" in flags:
        said = " ".join([*names, *overrides])
        print(help_text(program, description, *selected(names, overrides), preview(names, overrides), said))
    return names, overrides, flags
