"""Records of millions of photo files, kept in a few bytes each."""

from __future__ import annotations

import math
import os
import sys
from array import array
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple, overload

import numpy as np

from datamodules.photos.record import PhotoFile, PhotoRecord, Split
from seethrough.photos.detection import Box


class PersonFolder(NamedTuple):
    """One person in one folder."""

    identity: str
    folder: str
    """Path of the folder; relative ones lie in the root."""
    split: Split


class FileRecords(Sequence[PhotoRecord]):
    """A sequence of records that are put together when they are asked for.

    A photo costs its file name (shared by all people that have a ``001.jpg``), two numbers and, where there are boxes,
    four more: a few tens of bytes, where a record object needs a thousand.

    Args:
        root: folder that relative folders lie in.
        boxes: photos come with boxes.
    """

    def __init__(self, root: Path, *, boxes: bool = False) -> None:
        self.root = root
        self.folders: list[PersonFolder] = []
        self._folder = array("i")
        self._names: list[str] = []
        self._rows = array("i")
        self._boxes = array("f") if boxes else None
        self._ids: dict[int, str] = {}

    def add_folder(self, identity: str, folder: str, split: Split = "train") -> int:
        """Add a person's folder and return its number."""
        self.folders.append(PersonFolder(identity, folder, split))
        return len(self.folders) - 1

    def add(self, folder: int, name: str, *, row: int = 0, box: Box | None = None, sample: str | None = None) -> None:
        """Add a photo.

        Args:
            folder: number of the person's folder.
            name: of the file in it.
            row: of the list that names it, for messages.
            box: left, top, right, bottom in photo pixels.
            sample: id of the sample where it is not ``IDENTITY_STEM``.
        """
        if sample is not None and sample != _id_of(self.folders[folder].identity, name):
            self._ids[len(self._names)] = sample
        self._folder.append(folder)
        self._names.append(sys.intern(name))
        self._rows.append(row)
        if self._boxes is not None:
            self._boxes.extend(box if box is not None else (math.nan,) * 4)

    def id(self, index: int) -> str:
        """Return the id of a sample, without the rest of its record."""
        special = self._ids.get(index)
        return special or _id_of(self.folders[self._folder[index]].identity, self._names[index])

    def stem(self, index: int) -> str:
        """Return the file name of a photo without its suffix."""
        return _stem_of(self._names[index])

    def row(self, index: int) -> int:
        """Return the row of the list that names a photo; 0 where there is no list."""
        return self._rows[index]

    def folder_of(self, index: int) -> PersonFolder:
        """Return the folder of a photo."""
        return self.folders[self._folder[index]]

    def path(self, index: int) -> str:
        """Return the path of a photo."""
        return os.path.join(self.root, self.folders[self._folder[index]].folder, self._names[index])

    def set_box(self, index: int, box: Box) -> None:
        """Give a photo its box."""
        if self._boxes is None:
            raise ValueError("these records were made without boxes")
        self._boxes[4 * index : 4 * index + 4] = array("f", box)

    @property
    def has_boxes(self) -> bool:
        """Whether photos can have boxes."""
        return self._boxes is not None

    def box(self, index: int) -> Box | None:
        """Return the box of a photo, None where it has none."""
        if self._boxes is None or math.isnan(self._boxes[4 * index]):
            return None
        left, top, right, bottom = self._boxes[4 * index : 4 * index + 4]
        return left, top, right, bottom

    def in_folder(self) -> dict[int, np.ndarray]:
        """Return the indices of the photos of every folder that has any, by the number of the folder."""
        folder = np.frombuffer(self._folder, dtype=np.int32) if self._folder else np.zeros(0, np.int32)
        order = np.argsort(folder, kind="stable")
        numbers, starts = np.unique(folder[order], return_index=True)
        return dict(zip(numbers.tolist(), np.split(order, starts[1:]), strict=False))

    def repeats(self) -> dict[int, int]:
        """Return, for every photo whose id an earlier one has, its index and that of the first with the id."""
        hashes = np.fromiter((hash(self.id(index)) for index in range(len(self))), np.int64, len(self))
        kinds, counts = np.unique(hashes, return_counts=True)
        suspects = np.flatnonzero(np.isin(hashes, kinds[counts > 1])) if (counts > 1).any() else ()
        first: dict[str, int] = {}
        repeated: dict[int, int] = {}
        for index in map(int, suspects):
            earlier = first.setdefault(self.id(index), index)
            if earlier != index:
                repeated[index] = earlier
        return repeated

    def without(self, indices: Collection[int]) -> FileRecords:
        """Return the records without some of them."""
        if not indices:
            return self
        left_out = frozenset(indices)
        kept = FileRecords(self.root, boxes=self._boxes is not None)
        kept.folders = list(self.folders)
        for index, name in enumerate(self._names):
            if index not in left_out:
                kept.add(
                    self._folder[index], name, row=self._rows[index], box=self.box(index), sample=self._ids.get(index)
                )
        return kept

    def extend(self, other: FileRecords) -> None:
        """Add all photos of other records that have the same root."""
        first = len(self.folders)
        self.folders += other.folders
        for index, name in enumerate(other._names):
            self.add(
                first + other._folder[index],
                name,
                row=other._rows[index],
                box=other.box(index),
                sample=other._ids.get(index),
            )

    def __len__(self) -> int:
        return len(self._names)

    @overload
    def __getitem__(self, index: int) -> PhotoRecord: ...

    @overload
    def __getitem__(self, index: slice) -> Sequence[PhotoRecord]: ...

    def __getitem__(self, index: int | slice) -> PhotoRecord | Sequence[PhotoRecord]:
        if isinstance(index, slice):
            return [self._record(each) for each in range(*index.indices(len(self)))]
        if not -len(self) <= index < len(self):
            raise IndexError(index)
        return self._record(index % len(self))

    def __iter__(self) -> Iterator[PhotoRecord]:
        return map(self._record, range(len(self)))

    def _record(self, index: int) -> PhotoRecord:
        folder = self.folders[self._folder[index]]
        return PhotoRecord(
            id=self.id(index),
            source=PhotoFile(Path(self.path(index))),
            split=folder.split,
            identity=folder.identity,
            box=self.box(index),
        )


def _stem_of(name: str) -> str:
    return name.rpartition(".")[0] or name


def _id_of(identity: str, name: str) -> str:
    return f"{identity}_{_stem_of(name)}"
