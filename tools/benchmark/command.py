"""The command line of the benchmark."""

from __future__ import annotations

import argparse
import os
import shlex
from collections.abc import Sequence
from pathlib import Path

from experiments.command_line import EXIT_FAILED
from seethrough.errors import SeethroughError
from tools.benchmark.machine import describe_machine
from tools.benchmark.measuring import Measurement
from tools.benchmark.registry import SECTIONS, cases_of
from tools.benchmark.report import Failure, Report
from tools.benchmark.section_process import rows_of

PROGRAM = "python -m tools.benchmark"
DESCRIPTION = """\
Measure speed, each case in turn with a straightforward version of the same. All sections take about 20 minutes; for
numbers to be kept, let the machine do nothing else.

  %(prog)s renderer decode                  # some sections
  %(prog)s renderer --case "224 53k"        # the cases whose names contain a text
  %(prog)s --markdown page.md --json rows.json
"""


def main(arguments: Sequence[str]) -> int:
    """Measure the named sections, print one table, and write it as JSON and Markdown if asked to."""
    parser = argparse.ArgumentParser(
        prog=PROGRAM, description=DESCRIPTION, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("sections", nargs="*", metavar="SECTION", help=f"any of {', '.join(SECTIONS)}; default: all")
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the rows there")
    parser.add_argument(
        "--markdown", type=Path, metavar="FILE", help="also write the table there, and a plot of `growth` beside it"
    )
    parser.add_argument(
        "--before", type=Path, metavar="FILE", help="rows of an earlier run; the page then tells what has changed since"
    )
    parser.add_argument("--list", action="store_true", help="print sections and cases, one a line, and stop")
    parser.add_argument("--case", metavar="TEXT", default="", help="only cases whose name contains TEXT")
    parser.add_argument("--threads", type=int, default=1, help="torch and renderer threads (default 1)")
    options = parser.parse_args(arguments)
    _check(options)
    if options.list:
        for section in options.sections or SECTIONS:
            for name in cases_of(section):
                if options.case in name:
                    print(f"{section}: {name}")
        return 0
    sections = options.sections or [name for name in SECTIONS if not SECTIONS[name].lack()]
    if options.case:
        sections = [name for name in sections if any(options.case in case for case in cases_of(name))]
        if not sections:
            raise SeethroughError(f"no case contains {options.case!r}: {PROGRAM} --list prints them all")
    before = None if options.before is None else Report.read(options.before)
    return _measure(options, sections, shlex.join([*PROGRAM.split(), *arguments]), before)


def _check(options: argparse.Namespace) -> None:
    """Refuse what could only fail, before minutes of measuring."""
    unknown = [section for section in options.sections if section not in SECTIONS]
    if unknown:
        raise SeethroughError(f"unknown benchmark section {unknown[0]!r}: choose from {', '.join(SECTIONS)}")
    for name in options.sections if not options.list else ():
        if lack := SECTIONS[name].lack():
            raise SeethroughError(f"benchmark section '{name}' {lack}")
    if options.threads < 1:
        raise SeethroughError(f"--threads must be at least 1, got {options.threads}")
    if options.before is not None and options.markdown is None:
        raise SeethroughError("--before is told on the page: name it with --markdown FILE")
    if options.json is not None and options.json == options.markdown:
        raise SeethroughError(f"--json and --markdown both name {options.json}: name two files")
    for file in (options.json, options.markdown):
        if file is not None:
            _refuse_unwritable(file)


def _refuse_unwritable(file: Path) -> None:
    folder = file.resolve().parent
    if not folder.is_dir():
        raise SeethroughError(f"cannot write {file}: its folder does not exist")
    if file.is_dir():
        raise SeethroughError(f"cannot write {file}: it is a folder; name a file in it")
    if not os.access(file if file.exists() else folder, os.W_OK):
        raise SeethroughError(f"cannot write {file}: no permission; name another file")


def _measure(options: argparse.Namespace, sections: Sequence[str], command: str, before: Report | None) -> int:
    report = Report(command, describe_machine(options.threads))
    failures = report.failures
    if not (options.sections or options.case):
        failures += [Failure(name, "", section.lack()) for name, section in SECTIONS.items() if section.lack()]
    left_out = len(failures)
    print(_HEADER)
    for section in sections:
        try:
            for found in rows_of(section, options.case, options.threads):
                if isinstance(found, Failure):
                    failures.append(found)
                else:
                    report.rows.append(found)
                print(_failed(found) if isinstance(found, Failure) else _line(found), flush=True)
        except KeyboardInterrupt:
            if report.rows:  # what was measured is kept; nothing replaces nothing
                failures += [Failure(name, "", "interrupted") for name in sections[sections.index(section) :]]
                _write(options, report, before)
            raise
        _write(options, report, before)  # a run of many minutes may be killed
    for failure in failures[:left_out]:
        print(_failed(failure))
    return EXIT_FAILED if len(failures) > left_out else 0


def _write(options: argparse.Namespace, report: Report, before: Report | None) -> None:
    if options.json is not None:
        report.write(options.json)
    if options.markdown is not None:
        from tools.benchmark.page import write_page

        write_page(options.markdown, report, before)


_HEADER = (
    f"{'section':19} {'case':56} {'CPU ms':>9} {'wall ms':>9} {'spread':>8} {'peak MB':>8} {'ref. CPU':>10} "
    f"{'ratio':>8}"
)


def _line(row: Measurement) -> str:
    def number(value: float | None, width: int, scale: float = 1.0, digits: int = 2) -> str:
        return f"{'-':>{width}}" if value is None else f"{value * scale:>{width}.{digits}f}"

    return (
        f"{row.section:19} {row.case:56} {number(row.cpu_s, 9, 1e3)} {number(row.wall_s, 9, 1e3)} "
        f"{number(row.wall_s_spread, 8, 1e3)} {number(row.peak_mb, 8, 1, 0)} {number(row.reference_cpu_s, 10, 1e3)} "
        f"{number(row.ratio, 8, 1, 3 if row.ratio is None or row.ratio >= 0.01 else 5)}"
    )


def _failed(failure: Failure) -> str:
    return f"{failure.section:19} {failure.case:56} not measured: {failure.reason}"
