"""Writing the page of a run of the benchmark, with its picture beside it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from seethrough.errors import SeethroughError
from tools.benchmark.growth.picture import draw_growth
from tools.benchmark.machine import Machine
from tools.benchmark.markdown_table import markdown
from tools.benchmark.measuring import Measurement
from tools.benchmark.section_process import Failure


def write_page(
    file: Path, rows: Sequence[Measurement], failures: Sequence[Failure], machine: Machine, command: str
) -> None:
    """Write the table to ``file``, and where rows of ``growth`` are among them ``*_growth.png`` beside it.

    Raises:
        SeethroughError: one of them cannot be written.
    """
    picture = file.with_name(f"{file.stem}_growth.png")
    try:
        drawn = draw_growth(rows, picture)
        name = Path(picture.name) if drawn else None
        file.write_text(markdown(rows, failures, machine, command, name), encoding="utf-8")
    except OSError as error:
        raise SeethroughError(f"cannot write {error.filename or file}: {error.strerror}") from None
