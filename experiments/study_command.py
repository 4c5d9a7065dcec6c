"""What the studies that make their own faces share: options, checks before slow work, and results with their origin.

A result that is kept is written by ``--json``, ``--table`` and ``--picture`` into the study's ``results`` folder.
"""

from __future__ import annotations

import argparse
import shlex
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from experiments.command_line import write_json
from experiments.config.suggestions import did_you_mean
from experiments.provenance import commit
from experiments.studies.reporting.markdown import markdown_table
from experiments.studies.running.record import machine
from seethrough.errors import SeethroughError

PICTURE_SUFFIXES = (".jpg", ".jpeg", ".png")


def study_parser(study: str, description: str | None, faces: int) -> argparse.ArgumentParser:
    """Return a parser with the options of every study.

    Args:
        study: its package.
        description: its help, examples first.
        faces: how many people of each seed there are unless said.
    """
    parser = argparse.ArgumentParser(
        prog=f"python -m experiments.{study}",
        description=description,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2], metavar="SEED", help="default 0 1 2")
    parser.add_argument("--faces", type=int, default=faces, help=f"people of each seed (default {faces})")
    parser.add_argument("--threads", type=int, default=1, help="of torch (default 1)")
    parser.add_argument("--json", type=Path, metavar="PATH", help="write the table and what it was made from")
    parser.add_argument("--table", type=Path, metavar="PATH", help="write the table as Markdown")
    parser.add_argument("--picture", type=Path, metavar="PATH", help="draw some faces")
    return parser


def check_study(
    options: argparse.Namespace,
    *,
    least: Mapping[str, int] | None = None,
    known: Mapping[str, Collection[str]] | None = None,
) -> None:
    """Refuse what could only fail later.

    Args:
        options: as parsed.
        least: option -> smallest number that makes sense; ``faces`` and ``threads`` must be 1 unless said.
        known: option with names -> the names that there are.

    Raises:
        SeethroughError: a number that is too small, a seed that is negative or comes twice, an unknown name, or an
            output that cannot be written.
    """
    for name, smallest in {"faces": 1, "threads": 1, **(least or {})}.items():
        if getattr(options, name) < smallest:
            raise SeethroughError(f"--{name} {getattr(options, name)} must be at least {smallest}")
    if min(options.seeds) < 0:
        raise SeethroughError(f"--seeds {min(options.seeds)} must not be negative")
    for name in ("seeds", *(known or {})):
        values = getattr(options, name)
        twice = [value for place, value in enumerate(values) if value in values[:place]]
        if twice:
            raise SeethroughError(f"--{name}: {twice[0]} is named twice")
    for name, names in (known or {}).items():
        for value in getattr(options, name):
            if value not in names:
                hint = did_you_mean(value, names)
                raise SeethroughError(f"--{name}: unknown name {value!r}{hint}: choose from {'; '.join(names)}")
    for path in filter(None, (options.json, options.table, options.picture)):
        if not path.resolve().parent.is_dir():
            raise SeethroughError(f"cannot write {path}: its folder does not exist")
        if path.is_dir():
            raise SeethroughError(f"cannot write {path}: it is a folder")
    if options.picture is not None and options.picture.suffix.lower() not in PICTURE_SUFFIXES:
        raise SeethroughError(f"--picture {options.picture}: a picture ends in {', '.join(PICTURE_SUFFIXES)}")


def study_setting(study: str, arguments: Sequence[str], options: argparse.Namespace, *names: str) -> dict[str, Any]:
    """Return what a result was made with: command, commit and machine, and the values of some options.

    To be called before measuring: the commit is that of the code which runs.
    """
    command = " ".join([f"python -m experiments.{study}", *map(shlex.quote, arguments)])
    kept = {name: getattr(options, name) for name in ("seeds", "faces", *names, "threads")}
    return {"command": command, "commit": commit(), "machine": machine(), **kept}


def print_study(title: str, headings: Sequence[str], rows: Sequence[Sequence[str]], texts: int) -> None:
    """Print a table of which the first ``texts`` columns are text."""
    table = Table(title=title)
    for place, heading in enumerate(headings):
        table.add_column(heading, no_wrap=True, justify="left" if place < texts else "right")
    for row in rows:
        table.add_row(*row)
    Console(width=max(80, 4 + sum(max(map(len, column)) + 3 for column in zip(headings, *rows, strict=True)))).print(
        table, highlight=False
    )


def write_study(
    options: argparse.Namespace,
    setting: Mapping[str, Any],
    results: Mapping[str, Any],
    title: str,
    notes: Sequence[str],
    tables: Sequence[tuple[Sequence[str], Sequence[Sequence[str]], int]],
) -> None:
    """Write results as JSON and as Markdown, where options ask for them.

    Args:
        options: as parsed.
        setting: of :func:`study_setting`.
        results: further keys of the JSON.
        title: of the page.
        notes: lines below the setting: what the numbers are.
        tables: headings, rows of cells, and how many columns are text.
    """
    if options.json is not None:
        write_json(options.json, {**setting, **results})
    if options.table is not None:
        facts = [f"- {name.replace('_', ' ')}: {_plain(value)}" for name, value in setting.items()]
        lines = [f"# {title}", "", *facts, *(f"- {note}" for note in notes), ""]
        parts = [markdown_table(headings, rows, texts=texts) for headings, rows, texts in tables]
        try:
            options.table.write_text("\n".join(lines) + "\n" + "\n".join(parts), encoding="utf-8")
        except OSError as error:
            raise SeethroughError(f"cannot write {options.table}: {error.strerror}") from None


def mean_cell(line: Mapping[str, Any], measure: str, digits: int) -> str:
    """Return ``mean ± deviation`` of a measure of :func:`~experiments.means_over_seeds.means_over_seeds`."""
    mean, deviation = line[measure], line[f"{measure}_deviation"]
    return " ± ".join("-" if number != number else f"{number:.{digits}f}" for number in (mean, deviation))


def _plain(value: Any) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)
