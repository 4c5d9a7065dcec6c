"""Rows of two runs of the benchmark side by side."""

from __future__ import annotations

import math
from collections.abc import Callable

from tools.benchmark.measuring import Measurement
from tools.benchmark.report import Report

LEAST_CHANGE = 0.15
"""Share by which a row's time has to differ to be listed: less is a matter of the machine's moment."""


def comparison_lines(before: Report, now: Report, number: Callable[[float | None], str]) -> list[str]:
    """Return Markdown: the cases of both runs whose CPU or wall time differs; the machine's own rows in any case.

    Args:
        before: an earlier run.
        now: the run of the page.
        number: how a value is written.
    """
    earlier = {(row.section, row.case): row for row in before.rows}
    pairs = [(earlier[row.section, row.case], row) for row in now.rows if (row.section, row.case) in earlier]
    listed = [pair for pair in pairs if pair[1].section == "ceilings" or _differs(*pair)]
    lines = [
        "",
        "## Before and now",
        "",
        f"Before: commit {before.machine.commit} on {before.machine.day}, {before.machine.processor}, "
        f"{before.machine.software}; threads: {before.machine.threads}. Of {len(pairs)} "
        f"cases of both runs, those that changed by at least {100 * LEAST_CHANGE:.0f} %, and the ceilings, which tell "
        "how much the machine itself changed; ratios are to the reference beside each.",
        "",
        "| section | case | CPU ms before | CPU ms now | now / before | same, wall | ratio before | ratio now |",
        "| :-- | :-- | --: | --: | --: | --: | --: | --: |",
    ]
    for old, new in listed:
        shares = (new.cpu_s / old.cpu_s, new.wall_s / old.wall_s)
        times = (1e3 * old.cpu_s, 1e3 * new.cpu_s, *shares, old.ratio, new.ratio)
        lines.append(f"| {' | '.join((new.section, new.case, *map(number, times)))} |")
    gone = earlier.keys() - {(row.section, row.case) for row in now.rows}
    if gone:
        lines += ["", f"Not in this run: {'; '.join(f'{section}: {case}' for section, case in sorted(gone))}."]
    return lines


def _differs(before: Measurement, now: Measurement) -> bool:
    changes = (now.cpu_s / before.cpu_s, now.wall_s / before.wall_s)
    return any(abs(math.log(change)) >= math.log1p(LEAST_CHANGE) for change in changes)
