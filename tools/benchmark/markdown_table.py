"""The rows as Markdown: what was measured on what, then a table a section, grouped."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from tools.benchmark.comparison import comparison_lines
from tools.benchmark.goals import goal_lines
from tools.benchmark.measuring import Measurement
from tools.benchmark.registry import SECTIONS
from tools.benchmark.report import Report

COLUMNS = ("case", "CPU ms", "wall ms", "spread", "peak MB", "ref. CPU ms", "ratio", "GFLOP", "MB moved", "of ceiling")

_HOW_TO_READ = """\
Medians of several runs, per item. `CPU ms` is the CPU time of all threads, `wall ms` the time that passed, `spread` how
many ms its quartiles lie apart. `peak MB` is the largest resident memory while the case ran, with Python, PyTorch and
what it keeps. `ref. CPU ms` is a straightforward version run in turn with it, named at each section; `ratio` is CPU
time over that, below 1 where ours is cheaper; with one thread it holds on a busy machine, too. `GFLOP` and `MB moved`
are what the task needs at least, counted where it can be; `of ceiling` is the time that these take at the speed of one
core's fastest product and copy (section `ceilings`, best of five runs in the case's own process), over the CPU time.
In names of cases, numbers are px of an image's side and thousands of triangles, vertices or references; `paper` and
`small` are the presets.
"""


def markdown(report: Report, picture: Path | None = None, before: Report | None = None) -> str:
    """Return the whole page.

    Args:
        report: what was measured.
        picture: of the section ``growth``, relative to the page; None where it is not among the rows.
        before: an earlier run to compare with.
    """
    machine = report.machine
    load = "" if machine.load is None else f"; load before the first section {machine.load:.1f}"
    lines = [
        "# Speed",
        "",
        f"By `{report.command}` on {machine.day}, commit {machine.commit}.",
        "",
        f"- {machine.processor}, {machine.memory}; {machine.system}{load}",
        f"- {machine.software}; threads: {machine.threads}",
        *_ceilings(report.rows),
        "",
        *_HOW_TO_READ.splitlines(),
        *goal_lines(report, three_digits),
        *(comparison_lines(before, report, three_digits) if before is not None else []),
    ]
    group = ""
    for name, section in SECTIONS.items():
        found = [row for row in report.rows if row.section == name]
        if not found:
            continue
        if section.group != group:
            group = section.group
            lines += ["", f"## {group}"]
        reference = f" Reference: {section.reference}." if section.reference else ""
        note = f" {section.note}" if section.note else ""
        lines += ["", f"### {name}", "", f"Per {section.item}.{reference}{note}", ""]
        if name == "growth" and picture is not None:
            lines += [f"![Cost over image size, triangles, batch, references and threads]({picture.as_posix()})", ""]
        lines += _table(found)
    if report.failures:
        lines += ["", "## Not measured", ""]
        lines += [f"- {failure.section} {failure.case}: {failure.reason}" for failure in report.failures]
    return "\n".join(lines) + "\n"


def _ceilings(rows: Sequence[Measurement]) -> list[str]:
    """Say how fast one core multiplies and copies, where the section that measures it is among the rows."""
    told = []
    for row in rows:
        if row.section == "ceilings" and row.flop:
            told.append(f"{row.case}: {row.flop / row.cpu_s / 1e9:.0f} GFLOP/s")
        elif row.section == "ceilings" and row.bytes:
            told.append(f"{row.case}: {row.bytes / row.cpu_s / 1e9:.1f} GB/s, read and written")
    return [f"- one core, {'; '.join(told)}"] if told else []


def _table(rows: Sequence[Measurement]) -> list[str]:
    lines = [_line(COLUMNS), _line([":--", *["--:"] * (len(COLUMNS) - 1)])]
    for row in rows:
        numbers = (
            *(row.cpu_s * 1e3, row.wall_s * 1e3, row.wall_s_spread * 1e3, row.peak_mb),
            *(_times(row.reference_cpu_s, 1e3), row.ratio, _times(row.flop, 1e-9), _times(row.bytes, 1e-6)),
        )
        share = _times(row.ceiling_fraction, 100)
        ceiling = "" if share is None else f"{share:.0f} %" if share >= 9.5 else f"{share:.1g} %"
        lines.append(_line([row.case, *map(three_digits, numbers), ceiling]))
    return lines


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _times(value: float | None, factor: float) -> float | None:
    return None if value is None else value * factor


def three_digits(value: float | None) -> str:
    """Return a number with three digits that count, none behind the point where it has them before; "" for None."""
    if value is None:
        return ""
    if value == 0:
        return "0"
    if abs(value) >= 99.95:
        return f"{value:,.0f}"
    text = f"{value:.3g}"
    return text if "e" not in text else f"{value:.1e}"
