"""Tables with our figures and the published ones, for the terminal, for Markdown and for programs."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from rich.table import Table

from experiments.studies.reporting.markdown import markdown_table
from seethrough.errors import SeethroughError

NOTHING = "-"
PAPER = "paper: "
"""What headings of published figures begin with."""
LABEL_WIDTH = 28
"""Of the first column on a terminal; a longer name of a run goes on in the next line."""


@dataclass
class Sheet:
    """One table.

    Attributes:
        title: of the table.
        heading: of its columns, the first without one; those of published figures begin with :data:`PAPER`.
        rows: cells.
    """

    title: str
    heading: Sequence[str]
    rows: list[list[str]] = field(default_factory=list)

    def rich(self) -> Table:
        """Return the table for a terminal; published columns are dim."""
        table = Table(title=self.title, title_justify="left", title_style="bold")
        table.add_column("", overflow="fold", max_width=LABEL_WIDTH)
        for heading in self.heading[1:]:
            style = "dim" if heading.startswith(PAPER) else None
            table.add_column(heading.replace(": ", ":\n"), justify="right", style=style, no_wrap=True)
        for row in self.rows:
            table.add_row(*row)
        return table

    def markdown(self) -> str:
        """Return the table as Markdown under its title."""
        return f"## {self.title}\n\n{markdown_table(self.heading, self.rows)}"


@dataclass
class Result:
    """What a protocol found.

    Attributes:
        sheets: its tables.
        notes: what must be known to read them, a sentence each.
        numbers: everything measured, for programs.
        published: the figures beside them.
        rows: file stem -> columns of one value an image, and the name of the pictures.
    """

    sheets: list[Sheet] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    numbers: dict[str, Any] = field(default_factory=dict)
    published: Mapping[str, Any] = field(default_factory=dict)
    rows: dict[str, tuple[dict[str, np.ndarray], str]] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """Return all numbers; published ones under a key of their own."""
        return {"measured": self.numbers, "published": _named(self.published), "notes": self.notes}

    def write(self, folder: Path, title: str, said: str) -> None:
        """Write ``table.md``, ``numbers.json`` and the rows of single images into a folder."""
        from experiments.command_line import write_json
        from experiments.evaluation.row_files import write_rows

        write_json(folder / "numbers.json", self.as_json())
        text = [f"# {title}", "", said, "", *(sheet.markdown() for sheet in self.sheets)]
        text += [f"- {note}" for note in self.notes]
        try:
            (folder / "table.md").write_text("\n".join(text) + "\n", encoding="utf-8")
        except OSError as error:
            raise SeethroughError(f"cannot write {folder}/table.md: {error.strerror}") from None
        for stem, (rows, pictures) in self.rows.items():
            write_rows(folder / "rows" / f"{stem}.npz", rows, pictures)


def number(value: float | None, digits: int = 2) -> str:
    """Return a number, or a dash where it is not known."""
    return NOTHING if value is None or math.isnan(value) else f"{value:.{digits}f}"


def spread(value: float | None, deviation: float | None, digits: int = 2) -> str:
    """Return ``mean ± deviation``."""
    shown = number(value, digits)
    return shown if shown == NOTHING or number(deviation, digits) == NOTHING else f"{shown} ± {deviation:.{digits}f}"


def interval(value: float, low: float, high: float, digits: int = 3) -> str:
    """Return ``+value [low, high]``."""
    if math.isnan(value):
        return NOTHING
    bounds = "" if math.isnan(low) else f" [{low:+.{digits}f}, {high:+.{digits}f}]"
    return f"{value:+.{digits}f}{bounds}"


def triple(values: Sequence[float] | None, digits: int = 2) -> str:
    """Return ``median mean deviation`` in one cell."""
    return NOTHING if values is None or math.isnan(values[0]) else "  ".join(f"{value:.{digits}f}" for value in values)


def probability(value: float) -> str:
    """Return a p-value."""
    return NOTHING if math.isnan(value) else f"{value:.2g}"


def file_stem(label: str) -> str:
    """Return a label as a name of files."""
    return re.sub(r"[^\w.-]+", "-", label).strip("-.") or "run"


def _named(value: Any) -> Any:
    """Return published figures with their names."""
    if hasattr(value, "_asdict"):
        return value._asdict()
    if isinstance(value, Mapping):
        return {key: _named(each) for key, each in value.items()}
    return [_named(each) for each in value] if isinstance(value, tuple | list) else value
