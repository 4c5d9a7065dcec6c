"""Text files with one photo a row, as ``person/photo``: VGGFace2's lists and the cleaned list of CASIA-WebFace."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from datamodules.photos.faults import Fault
from datamodules.photos.photo_folders import PhotoFinder
from datamodules.photos.record import Split
from datamodules.vgg_casia.file_records import FileRecords
from seethrough.errors import SeethroughError


def read_listed(path: Path) -> Iterator[tuple[int, str, str, str]]:
    """Yield row number, person, file name and label (empty if there is none) of every row that is not blank.

    Paths may be written with slashes or backslashes and begin with more folders; a label may follow behind a blank.
    A row without a person or a file name has empty ones.

    Raises:
        SeethroughError: the list is missing, unreadable or empty.
    """
    empty = True
    try:
        with path.open(encoding="utf-8-sig", errors="surrogateescape") as lines:
            for row, line in enumerate(lines, 1):
                line = line.strip()
                if not line:
                    continue
                empty = False
                words = line.rsplit(None, 1)
                name, label = words if len(words) == 2 and _is_number(words[1]) else (line, "")
                *_, person, photo = ["", *name.strip('"').replace("\\", "/").split("/")]
                yield row, person, photo, label
    except OSError as error:
        raise SeethroughError(f"{path}: the list cannot be read ({error.strerror}); check the path") from error
    if empty:
        raise SeethroughError(f"{path}: the list names no photo; expected rows such as 0000045/001.jpg")


def add_listed(records: FileRecords, path: Path, within: str, split: Split) -> Iterator[Fault]:
    """Add the photos of a list in its order and yield one fault for each row that names none.

    Args:
        records: receives the photos.
        path: of the list.
        within: folder of the people's folders, relative to the root of ``records``.
        split: of the photos.
    """
    finder = PhotoFinder(records.root / within)
    numbers: dict[str, int] = {}
    people_of: dict[str, str] = {}
    for row, person, name, label in read_listed(path):
        where = f"{path} row {row}"
        if not person or not name or person in (".", ".."):
            yield Fault(where, "expected PERSON/PHOTO.jpg", id=f"{path.name}_row_{row}")
            continue
        stem = name.rpartition(".")[0] or name
        if label and people_of.setdefault(label, person) != person:
            what = f"label {label} stood for {people_of[label]!r} before and stands for {person!r} here; mend the list"
            yield Fault(where, what, id=f"{person}_{stem}")
            continue
        found = finder.find(person, name)
        if found is None:
            yield Fault(where, finder.missing(person, name), id=f"{person}_{stem}")
            continue
        if person not in numbers:
            numbers[person] = records.add_folder(person, f"{within}/{person}" if within else person, split)
        records.add(numbers[person], found, row=row)


def _is_number(word: str) -> bool:
    return word.isascii() and word.lstrip("-").isdigit()
