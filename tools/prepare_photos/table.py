"""What was found, what was skipped and why, as a table for people."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.table import Table

if TYPE_CHECKING:
    from datamodules.photos.preparing import PreparationReport


def report_table(report: PreparationReport, title: str, given: str = "landmarks of the data set") -> Table:
    """Return the table of a finished preparation; ``given`` names landmarks that it did not have to find."""
    table = Table("faces", "count", "share", title=title, title_justify="left")
    table.columns[1].justify = table.columns[2].justify = "right"
    total = report.found + report.skipped

    def add(name: str, count: int, style: str | None = None) -> None:
        table.add_row(name, f"{count:,}", f"{100 * count / total:.1f} %" if total else "-", style=style)

    add("listed", total)
    add("prepared", report.found, "bold")
    for split, count in sorted(report.splits.items()):
        add(f"  {split}", count)
    for subset, count in sorted(report.subsets.items()):
        add(f"  subset {subset}", count)
    add("  landmarks by the detector", report.detected)
    if report.guessed:
        add("    of them in the data set's box, without a face found", report.guessed)
    add(f"  {given}", report.found - report.detected)
    add("  with a mask", report.masked)
    add("skipped", report.skipped, "bold")
    for why, count in report.why.most_common():
        add(f"  {why}", count)
    return table
