"""Which photo each process of a shared preparation works on, for the case that the photo kills it.

Processes that Lightning starts cannot be started again one by one, as those of ``--jobs`` are: when one dies, all end.
What is left to do is to say of which photo.
"""

from __future__ import annotations

from pathlib import Path

from datamodules.photos.preparing.journal import FOLDER
from datamodules.photos.record import PhotoRecord


class UnderWork:
    """The note of one process, in a file that outlives it.

    Args:
        out: the prepared folder.
        rank: number of the process.
    """

    def __init__(self, out: Path, rank: int) -> None:
        self.path = out / FOLDER / "under_work" / f"{rank:06d}"
        self.path.parent.mkdir(parents=True, exist_ok=True)

    def __call__(self, record: PhotoRecord | None) -> None:
        """Note a record before it is prepared; None: nothing is under work."""
        if record is None:
            self.path.unlink(missing_ok=True)
        else:
            self.path.write_text(f"{record.id} ({record.source.name})", encoding="utf-8")


def left_under_work(out: Path) -> list[str]:
    """Return the ids and photos on which processes of an earlier run died, and forget them."""
    found = []
    for path in sorted((out / FOLDER / "under_work").glob("*")):
        found.append(path.read_text(encoding="utf-8"))
        path.unlink(missing_ok=True)
    return [name for name in found if name]
