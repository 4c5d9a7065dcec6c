"""Which records of a file are images, where they begin, and what their labels are."""

from __future__ import annotations

import os
from pathlib import Path
from typing import NamedTuple

import numpy as np

from datamodules.photos.faults import Fault
from datamodules.vgg_casia.record_io import header_at, read_index, walk
from seethrough.errors import SeethroughError

UNKNOWN = np.iinfo(np.int64).min


def sample_id(path: Path, key: int) -> str:
    """Return the id of the sample that a record of a file makes."""
    return f"{path.stem}_{key:08d}"


class RecordTable(NamedTuple):
    """Records of a file, sorted by key: (N,) int64 keys and offsets in bytes."""

    path: Path
    keys: np.ndarray
    offsets: np.ndarray

    def sample(self, key: int) -> str:
        """Return the id of the sample that a record makes."""
        return sample_id(self.path, key)

    def offset(self, key: int) -> int | None:
        """Return where a record begins; None if there is none of this key."""
        place = int(np.searchsorted(self.keys, key))
        return int(self.offsets[place]) if place < len(self.keys) and self.keys[place] == key else None

    def between(self, first: int, end: int) -> slice:
        """Return the places of the records whose keys lie in [first, end)."""
        low, high = np.searchsorted(self.keys, (first, end))
        return slice(int(low), int(high))


class KeyRanges(NamedTuple):
    """What record 0 says: images have keys in [1, people), people's records in [people, end)."""

    people: int
    end: int


def read_table(path: Path) -> tuple[RecordTable, list[Fault]]:
    """Read the index beside a record file, or walk through the file where there is none.

    Returns:
        The records, and one fault for each that the index names twice or outside the file.

    Raises:
        SeethroughError: the file is missing, the index unreadable, or no record lies in the file.
    """
    if not path.is_file():
        raise SeethroughError(f"{path}: no such file; check data.root")
    index = path.with_suffix(".idx")
    if not index.is_file():
        keys, offsets = walk(path)
        order = np.argsort(keys, kind="stable")
        return RecordTable(path, keys[order], offsets[order]), []
    keys, offsets = read_index(index, path)
    size = os.path.getsize(path)
    kept, first = np.unique(keys, return_index=True)
    repeated = np.ones(len(keys), bool)
    repeated[first] = False
    outside = offsets >= size
    faults = []
    for row in np.flatnonzero(repeated | outside).tolist():
        where = f"{index} row {row + 1}"
        if repeated[row]:
            what = f"the key {keys[row]} was given before; download the index again, or remove it"
            faults.append(Fault(where, what, id=f"{sample_id(path, keys[row])}_row_{row + 1}"))
        else:
            what = f"byte {offsets[row]} lies behind the end of {path.name} ({size} bytes); copy or download it again"
            faults.append(Fault(where, what, id=sample_id(path, keys[row])))
    inside = ~outside[first]
    if not inside.any():
        raise SeethroughError(f"{index}: no offset lies in {path.name} ({size} bytes); copy or download it again")
    return RecordTable(path, kept[inside], offsets[first][inside]), faults


def read_ranges(table: RecordTable) -> KeyRanges | None:
    """Read record 0, if it is what insightface writes: two labels and no image."""
    offset = table.offset(0)
    if offset is None:
        return None
    header, image = header_at(table.path, offset, f"{table.path} record 0")
    if image or len(header.labels) != 2:
        return None
    people, end = header.labels
    if not 1 <= people <= end or people % 1 or end % 1:
        raise SeethroughError(
            f"{table.path} record 0: labels {people:g} and {end:g} are no keys; the file is damaged, download it again"
        )
    return KeyRanges(int(people), int(end))


def read_labels(table: RecordTable, images: slice, ranges: KeyRanges | None) -> tuple[np.ndarray, list[Fault]]:
    """Return the number of the person in each image.

    With people's records, one image a person is looked at; without, every image's header is.

    Args:
        table: all records.
        images: places of the images in it.
        ranges: where people's records are.

    Returns:
        (N,) int64 labels, ``UNKNOWN`` where a record does not say, with a fault for each of these.
    """
    faults: dict[int, Fault] = {}
    labels = np.full(len(table.keys), UNKNOWN, np.int64)
    people = table.between(ranges.people, ranges.end) if ranges else slice(0, 0)
    for person, offset in zip(table.keys[people].tolist(), table.offsets[people].tolist(), strict=True):
        name = f"{table.path} record {person}"
        bounds = header_at(table.path, offset, name)[0].labels
        if len(bounds) != 2 or not 1 <= bounds[0] <= bounds[1] <= table.keys[people][0] or bounds[0] % 1:
            what = f"its labels {bounds} are no range of images; download the file again"
            faults[person] = Fault(name, what, id=table.sample(person))
            continue
        places = table.between(int(bounds[0]), int(bounds[1]))
        if places.start < places.stop:
            labels[places] = _own_label(table, places.start, faults)
    for place in np.flatnonzero(labels[images] == UNKNOWN) + images.start:
        labels[place] = _own_label(table, int(place), faults)
    return labels[images], list(faults.values())


def _own_label(table: RecordTable, place: int, faults: dict[int, Fault]) -> int:
    key = int(table.keys[place])
    name = f"{table.path} record {key}"
    try:
        label = header_at(table.path, int(table.offsets[place]), name)[0].labels[0]
        if np.isfinite(label) and label % 1 == 0:
            return int(label)
        where, what = name, f"its label {label:g} is not the number of a person"
    except SeethroughError as error:
        where, what = str(error).split(": ", 1)
    faults[key] = Fault(where, what, id=table.sample(key))
    return UNKNOWN
