"""The study's table on the terminal and as Markdown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rich.table import Table

from experiments.shading_study.scoring import MEASURES

HEADINGS = ("foundation", "parameters", "CPU s", "correlation", "RMSE mm", "fine corr.", "fine RMSE mm")


def cells(line: Mapping[str, object]) -> list[str]:
    """Return the cells of one line of the table: mean and deviation of each measure, a dash for what there is not."""
    numbers = [f"{line[name]:.3f} ± {line[name + '_deviation']:.3f}" for name in MEASURES]
    return [str(line["foundation"]), str(line["parameters"]), *(cell.replace("nan", "-") for cell in numbers)]


def terminal_table(lines: Sequence[Mapping[str, object]]) -> Table:
    """Return the table for the terminal."""
    table = Table(title="mean over seeds ± standard deviation over seeds")
    for heading in HEADINGS:
        table.add_column(heading, no_wrap=True, justify="left" if heading in ("foundation", "parameters") else "right")
    for line in lines:
        table.add_row(*cells(line))
    return table


def markdown_table(lines: Sequence[Mapping[str, object]], setting: Mapping[str, object]) -> str:
    """Return the table below what it was made with, as Markdown."""
    facts = [f"- {name.replace('_', ' ')}: {value}" for name, value in setting.items()]
    rows = [HEADINGS, [":--", ":--", *["--:"] * len(MEASURES)], *map(cells, lines)]
    return "\n".join(
        [
            "# Shape from shading on known relief",
            "",
            *facts,
            "- mean over seeds ± standard deviation over seeds; fine: less the mean around each pixel, 4 mm",
            "",
            *(f"| {' | '.join(row)} |" for row in rows),
            "",
        ]
    )
