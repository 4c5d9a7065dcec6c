"""CASIA-WebFace (or another set) packed by insightface: ``train.rec``, ``train.idx``, ``train.lst``, ``property``.

Record 0 has two labels and no image: images have the keys from 1 to below the first label, people's records follow to
below the second. A person's record holds the first key of the person's images and the one behind the last. Files that
other tools wrote have neither; there every record is an image.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from datamodules.photos.faults import Fault
from datamodules.vgg_casia.packed_records import PackedRecords
from datamodules.vgg_casia.record_list import RecordList, read_record_list
from datamodules.vgg_casia.record_table import UNKNOWN, KeyRanges, RecordTable, read_labels, read_ranges, read_table
from datamodules.vgg_casia.verification_pickle import read_verification_pickle
from seethrough.errors import SeethroughError


def record_file(root: Path, named: str = "") -> Path:
    """Return the record file: the one that is named, ``train.rec``, or the only one in ``root`` (or ``root`` itself).

    Raises:
        SeethroughError: there is none, or there are several and none is named.
    """
    if root.is_file() or named:
        return root if root.is_file() else root / named
    if (root / "train.rec").is_file():
        return root / "train.rec"
    found = sorted(root.glob("*.rec"))
    if not found:
        raise SeethroughError(f"{root}: no record file such as train.rec; check data.root")
    if len(found) > 1:
        names = ", ".join(path.name for path in found)
        raise SeethroughError(f"{root}: several record files ({names}); choose one by data.record_file")
    return found[0]


def list_casia_record(path: Path, verification_files: tuple[str, ...] = ()) -> tuple[PackedRecords, list[Fault]]:
    """List the images of a record file by their keys, then those of verification files as test sets.

    People bear the names of the folders that their photos had (``0000045``) where the list beside the file tells
    them, else the numbers of their labels.

    Args:
        path: of the record file; ``.idx`` and ``.lst`` are looked for beside it, and both can be missing.
        verification_files: names of files such as ``lfw.bin`` in the same folder.

    Raises:
        SeethroughError: the file is missing or damaged as a whole, or an index or list does not fit it.
    """
    table, faults = read_table(path)
    ranges = read_ranges(table)
    images = table.between(1, ranges.people) if ranges else slice(0, len(table.keys))
    faults += _not_indexed(table, ranges, faults)
    labels, wrong_labels = read_labels(table, images, ranges)
    listed, wrong_list = read_record_list(path.with_suffix(".lst"), ranges.people - 1 if ranges else None)
    faults += wrong_labels + wrong_list
    records, named = PackedRecords(path), _Names(path.with_suffix(".lst"), listed)
    columns = (table.keys[images], table.offsets[images], labels)
    for key, offset, label in zip(*(column.tolist() for column in columns), strict=True):
        if label != UNKNOWN:
            records.add(key, offset, named.person(key, label))
    faults += named.faults + _wrong_property(path.parent / "property", len(records.people))
    for name in verification_files:
        records.test += read_verification_pickle(path.parent / name).records()
    return records, faults


class _Names:
    """Names people by the list, and checks it against the labels of the records."""

    def __init__(self, path: Path, listed: RecordList | None) -> None:
        self.path, self.listed = path, listed
        self.faults: list[Fault] = []
        self._name_of: dict[int, str] = {}
        self._told: set[int] = set()

    def person(self, key: int, label: int) -> str:
        """Return the name of the person in a record."""
        entry = self.listed.entry(key) if self.listed is not None else None
        if entry is None:
            return str(label)
        person, listed_label = entry
        if listed_label != label:
            raise SeethroughError(
                f"{self.path}: label {listed_label} for record {key}, whose own is {label}; the list belongs to "
                "another file: remove it, and people are numbered"
            )
        first = self._name_of.setdefault(label, person)
        if first != person and label not in self._told:
            self._told.add(label)
            what = f"label {label} stands for {first!r} and for {person!r} (record {key}); the first name is kept"
            self.faults.append(Fault(str(self.path), what, id=f"{self.path.name}_label_{label}"))
        return first


def _not_indexed(table: RecordTable, ranges: KeyRanges | None, known: list[Fault]) -> list[Fault]:
    """Tell how many images record 0 counts that the index does not name; each outside the file is told already."""
    if ranges is None:
        return []
    images = table.between(1, ranges.people)
    told = {fault.id for fault in known}
    absent = np.setdiff1d(np.arange(1, ranges.people), table.keys[images])
    lacking = [key for key in absent.tolist() if table.sample(key) not in told]
    if not lacking:
        return []
    index = table.path.with_suffix(".idx")
    what = f"{len(lacking)} of {ranges.people - 1} images have no row, the first is {lacking[0]}; download it again"
    return [Fault(str(index), what, id=f"{index.name}_rows")]


def _wrong_property(path: Path, people: int) -> list[Fault]:
    """Compare the number of people with what ``property`` says: ``10572,112,112``."""
    if not path.is_file():
        return []
    cells = path.read_text(encoding="utf-8", errors="replace").strip().split(",")
    if len(cells) != 3 or not all(cell.strip().isdecimal() for cell in cells):
        return [Fault(str(path), "expected PEOPLE,HEIGHT,WIDTH; remove it or download it again", id=path.name)]
    if int(cells[0]) != people:
        what = f"{cells[0]} people, the record file has {people}; it belongs to another one, or records are missing"
        return [Fault(str(path), what, id=path.name)]
    return []
