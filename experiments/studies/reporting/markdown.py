"""Markdown tables."""

from __future__ import annotations

from collections.abc import Sequence


def markdown_table(heading: Sequence[str], rows: Sequence[Sequence[str]], *, texts: int = 1) -> str:
    """Return a table; the first ``texts`` columns are text, the others are numbers and stand to the right."""
    width = len(heading)
    for row in rows:
        if len(row) != width:
            raise ValueError(f"a row has {len(row)} cells, the heading {width}: {row}")
    lines = [_line(heading), _line([*[":--"] * texts, *["--:"] * (width - texts)]), *(_line(row) for row in rows)]
    return "\n".join(lines) + "\n"


def _line(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"
