"""The tables of VGGFace2: people, and a loose box a photo."""

from __future__ import annotations

import csv
import math
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from datamodules.photos.faults import Fault
from datamodules.vgg_casia.file_records import FileRecords
from seethrough.errors import SeethroughError


class Person(NamedTuple):
    """One row of ``identity_meta.csv``."""

    name: str
    photos: int
    in_training: bool
    row: int


def read_people(path: Path) -> tuple[dict[str, Person], list[Fault]]:
    """Read ``Class_ID, Name, Sample_Num, Flag, Gender``; names may be quoted, and hold commas even where they are not.

    Rows of the official file end with a comma, but for a few.

    Returns:
        The people by class (``n000002``), and one fault for each row that cannot be read.
    """
    people: dict[str, Person] = {}
    faults = []
    for row, cells in _rows(path):
        if row == 1 and cells[0].lower() == "class_id":
            continue
        where = f"{path} row {row}"
        cells = cells[:-1] if not cells[-1] else cells
        if len(cells) < 5:
            what = f"{len(cells)} columns, expected Class_ID, Name, Sample_Num, Flag, Gender"
            faults.append(Fault(where, what, id=f"{path.name}_row_{row}"))
            continue
        # From both ends: whatever lies between is the name.
        key, (photos, flag, _) = cells[0], cells[-3:]
        if not photos.isdecimal() or flag not in ("0", "1"):
            what = f"Sample_Num {photos!r} and Flag {flag!r} must be a number and 0 or 1"
            faults.append(Fault(where, what, id=f"{path.name}_row_{row}"))
        elif key in people:
            what = f"{key} was given in row {people[key].row} already; remove one of the rows"
            faults.append(Fault(where, what, id=f"{path.name}_row_{row}"))
        else:
            people[key] = Person(", ".join(cells[1:-3]), int(photos), flag == "1", row)
    return people, faults


def read_loose_boxes(path: Path, records: FileRecords, *, rows_must_exist: bool) -> Iterator[Fault]:
    """Give photos their boxes from ``NAME_ID,X,Y,W,H`` and yield one fault for each row that gives none.

    A box may begin left of the photo or above it. Rows of people who have no folder here are passed over.

    Args:
        path: of the table; ``NAME_ID`` is ``n000002/0001_01``.
        records: receive the boxes.
        rows_must_exist: the photo of a row of a person who is here must be here.
    """
    indices = records.in_folder()
    numbers = {records.folders[number].identity: number for number in indices}

    # The rows of a person follow each other; a dictionary of all photos would need a gigabyte.
    @lru_cache(maxsize=256)
    def stems(person: str) -> dict[str, int]:
        within = map(int, indices[numbers[person]]) if person in numbers else ()
        return {records.stem(index): index for index in within}

    for row, cells in _rows(path):
        if row == 1 and cells[0].upper() == "NAME_ID":
            continue
        where = f"{path} row {row}"
        person, _, photo = cells[0].replace("\\", "/").rpartition("/")
        person, stem = person.rpartition("/")[2], photo.partition(".")[0]
        sample = f"{person}_{stem}"
        if len(cells) != 5 or not person or not stem:
            what = f"expected NAME_ID,X,Y,W,H with a NAME_ID such as n000002/0001_01, found {','.join(cells)!r}"
            yield Fault(where, what, id=f"{path.name}_row_{row}")
            continue
        index = stems(person).get(stem)
        if index is None:
            if rows_must_exist and person in numbers:
                folder = records.folders[numbers[person]].folder
                yield Fault(where, f"no file {records.root / folder / stem}.jpg", id=sample)
            continue
        try:
            left, top, width, height = map(float, cells[1:])
        except ValueError as error:
            yield Fault(where, f"{error}; expected NAME_ID,X,Y,W,H", id=sample)
            continue
        if not all(map(math.isfinite, (left, top, width, height))) or width <= 0 or height <= 0:
            what = f"the box {','.join(cells[1:])} is empty; expected X,Y,W,H"
            yield Fault(where, what, id=sample)
        elif records.box(index) is not None:
            yield Fault(where, f"{cells[0]} has a box already; remove one of the rows", id=f"{sample}_row_{row}")
        else:
            records.set_box(index, (left, top, left + width, top + height))


def _rows(path: Path) -> Iterator[tuple[int, list[str]]]:
    """Yield row number and stripped cells of all rows that are not blank."""
    try:
        with path.open(encoding="utf-8-sig", errors="surrogateescape", newline="") as lines:
            rows = csv.reader(lines, skipinitialspace=True)
            for cells in rows:
                if any(map(str.strip, cells)):
                    yield rows.line_num, [cell.strip() for cell in cells]
    except OSError as error:
        raise SeethroughError(f"{path}: the table cannot be read ({error.strerror})") from error
    except csv.Error as error:
        raise SeethroughError(f"{path} row {rows.line_num}: {error}; expected comma-separated values") from error
