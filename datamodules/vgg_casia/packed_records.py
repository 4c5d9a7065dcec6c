"""Records of the images of one record file, kept in a few bytes each."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from pathlib import Path
from typing import overload

from datamodules.photos.record import PhotoRecord
from datamodules.vgg_casia.encoded_photo import RecordPhoto
from datamodules.vgg_casia.record_table import sample_id


class PackedRecords(Sequence[PhotoRecord]):
    """A sequence of records that are put together when they are asked for: the training images, then ``test``.

    Args:
        path: of the record file.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.test: list[PhotoRecord] = []
        """Records behind those of the record file."""
        self._keys, self._offsets, self._person = array("q"), array("q"), array("i")
        self._people: dict[str, int] = {}
        self._names: list[str] = []

    @property
    def people(self) -> list[str]:
        """Names of the people, in the order of their first images."""
        return self._names

    def add(self, key: int, offset: int, person: str) -> None:
        """Add an image by its key in the index, where its record begins, and who it shows."""
        number = self._people.setdefault(person, len(self._names))
        if number == len(self._names):
            self._names.append(person)
        self._keys.append(key)
        self._offsets.append(offset)
        self._person.append(number)

    def __len__(self) -> int:
        return len(self._keys) + len(self.test)

    @overload
    def __getitem__(self, index: int) -> PhotoRecord: ...

    @overload
    def __getitem__(self, index: slice) -> Sequence[PhotoRecord]: ...

    def __getitem__(self, index: int | slice) -> PhotoRecord | Sequence[PhotoRecord]:
        if isinstance(index, slice):
            return [self[each] for each in range(*index.indices(len(self)))]
        if not -len(self) <= index < len(self):
            raise IndexError(index)
        index %= len(self)
        if index >= len(self._keys):
            return self.test[index - len(self._keys)]
        key = self._keys[index]
        return PhotoRecord(
            id=sample_id(self.path, key),
            source=RecordPhoto(self.path, self._offsets[index], key),
            identity=self._names[self._person[index]],
        )
