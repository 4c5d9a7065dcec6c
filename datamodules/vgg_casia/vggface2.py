"""VGGFace2: folders of people for training and test, lists, meta tables, loose boxes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from datamodules.photos.faults import Fault
from datamodules.photos.photo_folders import person_folders
from datamodules.photos.record import Split
from datamodules.vgg_casia.casia_folders import without_repeats
from datamodules.vgg_casia.file_records import FileRecords
from datamodules.vgg_casia.people_folders import add_people
from datamodules.vgg_casia.photo_lists import add_listed
from datamodules.vgg_casia.vggface2_tables import read_loose_boxes, read_people
from seethrough.errors import SeethroughError

PERSON = re.compile(r"n\d{6}")
SPLITS: dict[str, Split] = {"train": "train", "test": "test"}
TABLE_FOLDERS = ("", "meta", "bb_landmark", "meta/bb_landmark", "label")


def split_folders(root: Path) -> dict[str, str]:
    """Return the folders ``train`` and ``test`` that exist, relative to ``root``: in it or in ``data``."""
    found = {}
    for split in SPLITS:
        for folder in (split, f"data/{split}"):
            if (root / folder).is_dir():
                found[split] = folder
                break
    return found


def table(root: Path, *names: str) -> Path | None:
    """Return the first of some tables that is there: in the root or in one of :data:`TABLE_FOLDERS`."""
    candidates = (root / folder / name for name in names for folder in TABLE_FOLDERS)
    return next((path for path in candidates if path.is_file()), None)


def list_vggface2(root: Path, *, boxes: bool = True, minimum_box: float = 0.0) -> tuple[FileRecords, list[Fault]]:
    """List ``train/n000002/0001_01.jpg`` and so on, in the order of ``train_list.txt`` where there is one, else sorted.

    Args:
        root: holds ``train``, ``test`` or both, and the tables beside them or in one of :data:`TABLE_FOLDERS`.
        boxes: read the loose boxes, if they are there; they tell which of several faces is the person.
        minimum_box: pass over photos whose box has a shorter side than this many pixels.

    Raises:
        SeethroughError: neither ``train`` nor ``test``, or a table that is damaged as a whole.
    """
    folders = split_folders(root)
    if not folders:
        raise SeethroughError(f"{root}: neither train nor test in this folder; expected train/n000002/0001_01.jpg")
    tables = {split: table(root, f"loose_bb_{split}.csv") if boxes else None for split in folders}
    if minimum_box > 0 and None in tables.values():
        raise SeethroughError(
            f"data.minimum_box={minimum_box:g} needs data.boxes=true and bb_landmark/loose_bb_train.csv in {root}"
        )
    faults = list(_wrong_splits(root, folders))
    misplaced = {fault.where for fault in faults}
    parts = []
    for split, folder in folders.items():
        records, found = _list_split(root, split, folder, tables[split])
        records = _without_folders(records, misplaced)
        listed = table(root, *_lists(split))
        records, found = without_repeats(records, found, str(listed) if listed else "")
        boxes_of = tables[split]
        if boxes_of is not None:
            wrong = list(read_loose_boxes(boxes_of, records, rows_must_exist=listed is None))
            told = {fault.id for fault in wrong}
            records, lacking = _with_boxes(records, boxes_of, minimum_box)
            found += wrong + [fault for fault in lacking if fault.id not in told]
        faults += found
        parts.append(records)
    return _joined(root, parts), faults


def _lists(split: str) -> tuple[str, str]:
    return f"{split}_list.txt", f"{split}.txt"


def _list_split(root: Path, split: str, folder: str, boxes_of: Path | None) -> tuple[FileRecords, list[Fault]]:
    records = FileRecords(root, boxes=boxes_of is not None)
    listed = table(root, *_lists(split))
    if listed is not None:
        return records, list(add_listed(records, listed, folder, SPLITS[split]))
    people = [name for name in person_folders(root / folder) if PERSON.fullmatch(name)]
    if not people:
        raise SeethroughError(f"{root / folder}: no folder of a person, such as n000002; unpack the archive here")
    return records, list(add_people(records, folder, split, people))


def _wrong_splits(root: Path, folders: dict[str, str]) -> Iterator[Fault]:
    meta = table(root, "identity_meta.csv")
    if meta is None:
        return
    people, faults = read_people(meta)
    yield from faults
    for split, folder in folders.items():
        for name in person_folders(root / folder):
            person = people.get(name)
            if person is not None and person.in_training != (split == "train"):
                other = "test" if split == "train" else "train"
                what = f"{person.name} belongs to {other} (flag in {meta} row {person.row}); move the folder there"
                yield Fault(str(root / folder / name), what, id=name)


def _without_folders(records: FileRecords, paths: set[str]) -> FileRecords:
    """Leave out all photos of some folders: of people for the test, found among those for training."""
    indices = records.in_folder() if paths else {}
    folders = [number for number in indices if str(records.root / records.folders[number].folder) in paths]
    return records.without([index for number in folders for index in indices[number].tolist()])


def _with_boxes(records: FileRecords, path: Path, minimum_box: float) -> tuple[FileRecords, list[Fault]]:
    """Leave out photos without a box, with a fault for each, and those whose box is too small."""
    faults, left_out = [], []
    for index in range(len(records)):
        box = records.box(index)
        if box is None:
            what = f"no row of {path} gives its box; complete the table, or use data.boxes=false"
            faults.append(Fault(records.path(index), what, id=records.id(index)))
            left_out.append(index)
        elif min(box[2] - box[0], box[3] - box[1]) < minimum_box:
            left_out.append(index)
    return records.without(left_out), faults


def _joined(root: Path, parts: list[FileRecords]) -> FileRecords:
    if len(parts) == 1:
        return parts[0]
    together = FileRecords(root, boxes=any(part.has_boxes for part in parts))
    for part in parts:
        together.extend(part)
    return together
