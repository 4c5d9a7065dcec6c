"""CASIA-WebFace as folders of people, all of it or what a cleaned list keeps."""

from __future__ import annotations

import re
from pathlib import Path

from datamodules.photos.faults import Fault
from datamodules.photos.photo_folders import person_folders
from datamodules.vgg_casia.file_records import FileRecords
from datamodules.vgg_casia.people_folders import add_people
from datamodules.vgg_casia.photo_lists import add_listed
from seethrough.errors import SeethroughError

PERSON = re.compile(r"\d{7}")
CLEANED_LISTS = ("cleaned list.txt", "cleaned_list.txt")


def people_root(root: Path) -> Path:
    """Return the folder that holds the people's folders: ``root`` or the only folder with people in it."""
    if any(map(PERSON.fullmatch, person_folders(root))):
        return root
    inside = [root / name for name in person_folders(root) if any(map(PERSON.fullmatch, person_folders(root / name)))]
    return inside[0] if len(inside) == 1 else root


def cleaned_list(root: Path, named: str) -> Path | None:
    """Return the list to go by.

    Args:
        root: of the data set.
        named: ``auto`` looks for :data:`CLEANED_LISTS`, empty takes no list, all else is a path.
    """
    if not named:
        return None
    if named != "auto":
        path = Path(named)
        return path if path.is_absolute() or path.exists() else root / path
    candidates = [folder / name for folder in (root, people_root(root)) for name in CLEANED_LISTS]
    return next((path for path in candidates if path.is_file()), None)


def list_casia_folders(root: Path, list_file: str = "auto") -> tuple[FileRecords, list[Fault]]:
    """List ``0000045/001.jpg`` and so on, sorted; or the rows of a cleaned list in their order.

    Args:
        root: holds the people's folders, or ``CASIA-WebFace`` that holds them.
        list_file: see :func:`cleaned_list`.

    Raises:
        SeethroughError: no folder of a person, or no such list.
    """
    photos = people_root(root)
    records = FileRecords(photos)
    listed = cleaned_list(root, list_file)
    if listed is not None:
        faults = list(add_listed(records, listed, "", "train"))
    else:
        people = person_folders(photos)
        if not people:
            raise SeethroughError(f"{photos}: no folder of a person; expected 0000045/001.jpg and so on")
        faults = list(add_people(records, "", "train", people))
    return without_repeats(records, faults, str(listed) if listed else "")


def without_repeats(records: FileRecords, faults: list[Fault], listed: str) -> tuple[FileRecords, list[Fault]]:
    """Leave out photos whose id an earlier one has, with a fault for each."""
    repeated = records.repeats()
    for index, earlier in repeated.items():
        where = f"{listed} row {records.row(index)}" if listed else records.path(index)
        first = f"row {records.row(earlier)}" if listed else records.path(earlier)
        what = f"{records.id(index)} was there before, in {first}; remove one of them"
        faults.append(Fault(where, what, id=f"{records.id(index)}_again_{index}"))
    return records.without(frozenset(repeated)), faults
