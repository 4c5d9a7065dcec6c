"""Writing the page of a run of the benchmark, with its picture beside it."""

from __future__ import annotations

from pathlib import Path

from seethrough.errors import SeethroughError
from tools.benchmark.growth.picture import draw_growth
from tools.benchmark.markdown_table import markdown
from tools.benchmark.report import Report


def write_page(file: Path, report: Report, before: Report | None = None) -> None:
    """Write the table to ``file``, and where rows of ``growth`` are among them ``*_growth.png`` beside it.

    Args:
        file: to write.
        report: what was measured.
        before: an earlier run to compare with.

    Raises:
        SeethroughError: one of them cannot be written.
    """
    picture = file.with_name(f"{file.stem}_growth.png")
    try:
        drawn = draw_growth(report.rows, picture)
        name = Path(picture.name) if drawn else None
        file.write_text(markdown(report, name, before), encoding="utf-8")
    except OSError as error:
        raise SeethroughError(f"cannot write {error.filename or file}: {error.strerror}") from None
