"""The words of ``python -m experiments.sweep``: a file or a grid, and what all its runs are told besides."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import yaml

from experiments.config.arguments import split_words
from experiments.config.sources import sweep_names
from experiments.config.suggestions import listing
from experiments.config.yaml_loader import parse
from experiments.sweep.naming import short_keys
from experiments.sweep.planning import SweepPlan, chosen_runs, plan_sweep
from experiments.sweep.reading import read_sweep
from experiments.sweep.specification import Axis, Sweep, axis
from seethrough.errors import SeethroughError

PROGRAM = "python -m experiments.sweep"
ROOT = Path("runs/sweep")


def parser() -> argparse.ArgumentParser:
    """Return the parser of the command."""
    made = argparse.ArgumentParser(
        PROGRAM,
        description="Run every run of a sweep, each in a process and a folder of its own; end with a table.",
        epilog=f"sweeps: {listing(sweep_names(), 40)}",
    )
    made.add_argument(
        "words", nargs="+", metavar="WORD",
        help="a sweep or its .yaml file, then configs and key=value settings for all its runs; with --grid configs and "
        "settings alone",
    )  # fmt: skip
    made.add_argument(
        "--grid", nargs="+", action="extend", default=[], metavar="KEY=VALUE,VALUE", help="settings with their values"
    )
    made.add_argument("--seeds", type=_seed, nargs="+", metavar="SEED", help="instead of the file's")
    made.add_argument("--jobs", type=_positive, metavar="N", help="runs at a time (1; --slurm: no limit)")
    made.add_argument("--threads", type=_positive, metavar="N", help="threads of each run (its share of the cores)")
    made.add_argument("--only", nargs="+", default=[], metavar="RUN", help="these runs alone, with or without a seed")
    made.add_argument("--out", metavar="DIR", help=f"the sweep's folder ({ROOT}/NAME)")
    made.add_argument("--dry-run", action="store_true", help="print the commands that are left to run, run nothing")
    made.add_argument("--table", action="store_true", help="run nothing, make the table of what there is")
    made.add_argument("--slurm", metavar="PATH", help="write a SLURM array script instead of running")
    made.add_argument("--wandb", metavar="PATH", help="write the file of a W&B sweep instead of running")
    return made


def planned(options: argparse.Namespace, arguments: Sequence[str]) -> SweepPlan:
    """Return the runs that parsed options ask for.

    Args:
        options: of :func:`parser`.
        arguments: what was parsed, to be shown with the table.

    Raises:
        SeethroughError: a mistake in the file or on the command line.
    """
    names, overrides = split_words(options.words)
    if options.grid:
        sweep, configs = _grid_sweep(names, options.grid), ()
    elif names:
        sweep, configs = read_sweep(names[0]), tuple(names[1:])
    else:
        raise SeethroughError(
            f"name a sweep ({listing(sweep_names())}), or give a grid: CONFIG... --grid KEY=VALUE,VALUE"
        )
    sweep = replace(sweep, words=tuple(arguments))
    root = Path(options.out) if options.out else ROOT / sweep.name
    plan = plan_sweep(sweep, root, seeds=options.seeds, configs=configs, overrides=overrides)
    return chosen_runs(plan, options.only) if options.only else plan


def _grid_sweep(names: Sequence[str], words: Sequence[str]) -> Sweep:
    """Return the sweep of ``CONFIG... --grid KEY=VALUE,VALUE``."""
    if names and names[0] in sweep_names():
        raise SeethroughError(f"'{names[0]}' is a sweep of its own: give either that or --grid")
    if not names:
        raise SeethroughError("--grid needs configs to change: CONFIG... --grid KEY=VALUE,VALUE")
    axes = [_axis(word) for word in words]
    keys = [each.key for each in axes]
    if len(set(keys)) < len(keys):
        raise SeethroughError(f"--grid has a key twice: {listing(keys)}")
    name = "_".join(short_keys(keys).values())
    return Sweep(name, "the command line", configs=tuple(names), grid=tuple(axes))


def _axis(word: str) -> Axis:
    key, equals, text = word.partition("=")
    if not equals or not key or not text:
        raise SeethroughError(f"--grid {word} is not of the form KEY=VALUE,VALUE, such as data.batch_size=16,32")
    try:
        values = parse(text if text.startswith("[") else f"[{text}]")
    except yaml.YAMLError as error:
        raise SeethroughError(f"--grid {word}: {getattr(error, 'problem', None) or error}") from None
    return axis(key, values, f"--grid {word}")


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{text} must be at least 1")
    return number


def _seed(text: str) -> int:
    number = int(text)
    if number < 0:
        raise argparse.ArgumentTypeError(f"{text} must not be negative")
    return number
