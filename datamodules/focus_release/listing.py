"""All faces of a folder that is laid out for the released FOCUS code."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from datamodules.focus_release.config import FocusReleaseConfig
from datamodules.photos.faults import Fault
from datamodules.photos.landmark_files import LandmarkRow, read_landmark_table
from datamodules.photos.mask_file import MASK_SUFFIX, MaskFile
from datamodules.photos.photo_folders import PhotoFinder
from datamodules.photos.record import Listing, PhotoFile, PhotoRecord, Split

PHOTO_FOLDER = "Dataset"
NOW_TABLE = "nowchallenge_landmarks.csv"
TABLES: dict[str, Split] = {
    "train_landmarks.csv": "train",
    "val_landmarks.csv": "validation",
    "test_landmarks.csv": "test",
}


@dataclass(frozen=True)
class _Layout:
    photos: Path
    tables: dict[Path, Split]


def listing(config: FocusReleaseConfig) -> Listing:
    """List the rows of the training, validation and test tables, in their order; a table that is not there has none.

    Names in a table count from the folder of photos, and also from the root. ``X.jpg`` is masked by
    ``X_visible_skin_mask.png`` beside it, white = visible face, if that is there.
    """
    root = Path(config.root)
    if not config.root or not root.is_dir():
        what = f"no such folder; give the one with {PHOTO_FOLDER} and the landmark tables as data.root=FOLDER"
        return Listing([], [Fault(config.root or "data.root", what)])
    layout = _layout(root, Path(config.test_table) if config.test_table else None)
    if not layout.tables:
        return Listing([], [Fault(str(root), f"there is none of {', '.join([*TABLES, NOW_TABLE])}; put one there")])
    records: list[PhotoRecord] = []
    faults: list[Fault] = []
    first: dict[str, str] = {}
    finders = [PhotoFinder(folder) for folder in dict.fromkeys((layout.photos, root))]
    for path, split in layout.tables.items():
        table = read_landmark_table(path)
        faults += [Fault(fault.where, fault.what, photo_id(fault.id)) for fault in table.faults]
        for row in table.rows:
            where, identifier = f"{path} row {row.row}", photo_id(row.name)
            if identifier in first:
                wrong = f"{row.name} is also in {first[identifier]}; keep one of the two rows"
                faults.append(Fault(where, wrong, identifier))
                continue
            first[identifier] = where
            found = _record(identifier, row, split, finders)
            if isinstance(found, PhotoRecord):
                records.append(found)
            else:
                faults.append(Fault(where, found, identifier))
    return Listing(records, faults)


def photo_id(name: str) -> str:
    """Return the id of a photo: its name without the suffix, ``__`` for a slash."""
    return str(PurePosixPath(name).with_suffix("")).replace("/", "__") if name else ""


def _layout(root: Path, test_table: Path | None) -> _Layout:
    photos = _child(root, PHOTO_FOLDER)
    test: Split = "test"
    if (now := _child(root, NOW_TABLE)) is not None:
        photos = root
        tables: dict[Path, Split] = {now: test}
    else:
        beside = root if photos is not None or any(_child(root, name) for name in TABLES) else root.parent
        tables = {}
        for name, split in TABLES.items():
            if (path := _child(beside, name)) is not None:
                tables[path] = split
    if test_table is not None:
        for path in [path for path, split in tables.items() if split == test]:
            del tables[path]
        tables[test_table] = test
    return _Layout(photos or root, tables)


def _record(identifier: str, row: LandmarkRow, split: Split, finders: list[PhotoFinder]) -> PhotoRecord | str:
    """Return the record of a row, or what is wrong with its files."""
    folder, name = os.path.split(row.name)
    for finder in finders:
        found = finder.find(folder, name)
        if found is not None:
            break
    else:
        # "Dataset/X.jpg" counts from the root: the place to complete is the one whose folder is there.
        there = next((finder for finder in finders if (finder.root / folder).is_dir()), finders[0])
        return f"{there.missing(folder, name)}; put it there, or take the row out"
    mask_name = os.path.splitext(found)[0] + MASK_SUFFIX
    mask = finder.find(folder, mask_name)
    if mask is None and os.path.lexists(finder.root / folder / mask_name):
        return f"{finder.missing(folder, mask_name)}; put the mask there, or remove it"
    return PhotoRecord(
        identifier,
        PhotoFile(finder.root / folder / found),
        split,
        mask=None if mask is None else MaskFile(finder.root / folder / mask, "white"),
        landmarks=row.landmarks,
    )


def _child(folder: Path, name: str) -> Path | None:
    """Return an entry of a folder in whatever case it is written."""
    try:
        return next((path for path in sorted(folder.iterdir()) if path.name.lower() == name.lower()), None)
    except OSError:
        return None
