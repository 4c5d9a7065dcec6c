"""The list beside a record file: which photo each record was made of."""

from __future__ import annotations

import sys
from array import array
from dataclasses import dataclass, field
from pathlib import Path

from datamodules.photos.faults import Fault
from seethrough.errors import SeethroughError


@dataclass
class RecordList:
    """Person and label of each record.

    Attributes:
        people: names of the folders that the photos had.
        labels: numbers of the people.
        rows: where the list gives keys, the place of each; otherwise entry ``k`` belongs to key ``k + 1``.
    """

    people: list[str] = field(default_factory=list)
    labels: array[int] = field(default_factory=lambda: array("q"))
    rows: dict[int, int] | None = None

    def entry(self, key: int) -> tuple[str, int] | None:
        """Return the name and the label of the person in a record; None if the list does not have it."""
        place = key - 1 if self.rows is None else self.rows.get(key, -1)
        return (self.people[place], self.labels[place]) if 0 <= place < len(self.people) else None


def read_record_list(path: Path, images: int | None) -> tuple[RecordList | None, list[Fault]]:
    """Read ``1<TAB>/path/0000045/001.jpg<TAB>0``, with or without a box and landmarks behind; or im2rec's order.

    In insightface's lists the first column says whether the photo is aligned, and its records follow the rows; in those
    of im2rec it is the key, and the label comes before the path. Boxes and landmarks are those of the photo before it
    was aligned, so they are of no use here.

    Args:
        path: of the list.
        images: how many image records there are; None if that is not known.

    Returns:
        The list, None where there is none, or where it has another length; that is a fault.

    Raises:
        SeethroughError: a row cannot be read.
    """
    if not path.is_file():
        return None, []
    listed = RecordList()
    with path.open(encoding="utf-8-sig", errors="surrogateescape") as lines:
        for row, line in enumerate(lines, 1):
            cells = line.strip().split("\t")
            if cells == [""]:
                continue
            keyed = len(cells) == 3 and "/" not in cells[1].replace("\\", "/")
            photo, label = (cells[2], cells[1]) if keyed else (cells[1], cells[2]) if len(cells) > 2 else ("", "")
            number, key = _whole(label), _whole(cells[0])
            folders = photo.replace("\\", "/").split("/")
            if len(cells) not in (3, 7, 17) or number is None or key is None or len(folders) < 2 or not folders[-2]:
                raise SeethroughError(
                    f"{path} row {row}: expected 1<TAB>/PERSON/PHOTO.jpg<TAB>LABEL, found {line.strip()[:60]!r}; "
                    "remove the list, and people are numbered"
                )
            if keyed:
                listed.rows = {} if listed.rows is None else listed.rows
                listed.rows[key] = len(listed.people)
            elif key == 0 and len(cells) < 17:
                continue  # neither aligned nor with landmarks to align it by: insightface does not pack it
            listed.people.append(sys.intern(folders[-2]))
            listed.labels.append(number)
    if images is not None and len(listed.people) != images:
        what = f"{len(listed.people)} rows for {images} images; it belongs to another file: remove it to number people"
        return None, [Fault(str(path), what, id=path.name)]
    return listed, []


def _whole(word: str) -> int | None:
    """Read a whole number, written as ``3`` or ``3.000000``."""
    try:
        value = float(word)
    except ValueError:
        return None
    return int(value) if value.is_integer() else None
