"""The command line of the benchmark."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

import torch

from experiments.command_line import write_json
from seethrough.errors import SeethroughError
from tools.benchmark.measuring import Measurement
from tools.benchmark.registry import SECTIONS, cases_of


def main(arguments: Sequence[str]) -> None:
    """Measure the named sections, print one table, and write it as JSON if asked to."""
    parser = argparse.ArgumentParser(prog="python -m tools.benchmark", description=__doc__)
    parser.add_argument("sections", nargs="*", metavar="SECTION", help=f"any of {', '.join(SECTIONS)}; default: all")
    parser.add_argument("--json", type=Path, metavar="PATH", help="also write the rows there")
    parser.add_argument("--list", action="store_true", help="print sections and cases, one a line, and stop")
    parser.add_argument("--case", metavar="TEXT", default="", help="only cases whose name contains TEXT")
    parser.add_argument("--threads", type=int, default=1, help="torch and renderer threads (default 1)")
    options = parser.parse_args(arguments)
    rows = _measure(options)
    if options.json is not None and not options.list:
        write_json(options.json, [row.as_row() for row in rows])


def _measure(options: argparse.Namespace) -> list[Measurement]:
    unknown = [section for section in options.sections if section not in SECTIONS]
    if unknown:
        raise SeethroughError(f"unknown benchmark section {unknown[0]!r}: choose from {', '.join(SECTIONS)}")
    if options.threads < 1:
        raise SeethroughError(f"--threads must be at least 1, got {options.threads}")
    if options.json is not None and not options.json.resolve().parent.is_dir():
        raise SeethroughError(f"cannot write {options.json}: its folder does not exist")
    sections = options.sections or list(SECTIONS)
    rows: list[Measurement] = []
    torch.set_num_threads(options.threads)
    if not options.list:
        print(_HEADER)
    for section in sections:
        for name, case in cases_of(section).items():
            if options.case not in name:
                continue
            if options.list:
                print(f"{section}: {name}")
                continue
            rows.append(case())
            print(_line(rows[-1]), flush=True)
    return rows


_HEADER = (
    f"{'section':19} {'case':40} {'CPU ms':>9} {'wall ms':>9} {'spread':>8} {'peak MB':>8} {'ref. ms':>10} {'ratio':>8}"
)


def _line(row: Measurement) -> str:
    def number(value: float | None, width: int, scale: float = 1.0, digits: int = 2) -> str:
        return f"{'-':>{width}}" if value is None else f"{value * scale:>{width}.{digits}f}"

    return (
        f"{row.section:19} {row.case:40} {number(row.cpu_s, 9, 1e3)} {number(row.wall_s, 9, 1e3)} "
        f"{number(row.wall_s_spread, 8, 1e3)} {number(row.peak_mb, 8, 1, 0)} {number(row.reference_cpu_s, 10, 1e3)} "
        f"{number(row.ratio, 8, 1, 3)}"
    )
