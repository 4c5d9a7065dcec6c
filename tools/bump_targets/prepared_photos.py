"""The faces of a prepared folder, with their photos: its crops are too coarse, and too narrow, for detail."""

from __future__ import annotations

import mmap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, overload

import numpy as np

from datamodules.photos.face_files import FaceFiles
from datamodules.photos.manifest import MANIFEST, ManifestRow, trusted_row
from datamodules.photos.manifest_index import open_index
from datamodules.photos.prepared_folder import is_prepared, read_prepared_folder
from datamodules.photos.record import Listing, PhotoRecord
from datamodules.photos.shard_place import ShardPlace
from seethrough.errors import SeethroughError
from seethrough.photos import CropTransform, read_photo


@dataclass(frozen=True)
class PreparedPhoto:
    """The photo that a prepared face was cut from.

    Attributes:
        path: as the manifest has it.
        upright: whether it was probably turned as its EXIF data say.
        size: width and height, px, as it was read then.
    """

    path: Path
    upright: bool = field(repr=False)
    size: tuple[int, int]

    @property
    def name(self) -> str:
        """The path."""
        return str(self.path)

    def read(self) -> np.ndarray:
        """Return (H, W, 3) uint8 RGB, turned as it was when its landmarks were found.

        Raises:
            SeethroughError: it is gone, cannot be read, or is of another size than then.
        """
        if not self.path.is_file():
            raise SeethroughError(
                f"{self.path}: the photo is not there; run this in the folder where it was prepared, or name the data "
                "set itself instead of its prepared folder if its photos lie in an archive"
            )
        for upright in (self.upright, not self.upright):
            photo = read_photo(self.path, upright=upright)
            if (photo.shape[1], photo.shape[0]) == self.size:
                return photo
        width, height = self.size
        raise SeethroughError(
            f"{self.path}: {photo.shape[1]} x {photo.shape[0]} px, it was {width} x {height} when it was prepared; "
            "prepare the photos again"
        )


@dataclass(frozen=True)
class PreparedMask:
    """The mask of a prepared face, brought back into its photo.

    Attributes:
        folder: the prepared folder.
        path: relative to it.
        crop: where it lies in the photo.
    """

    folder: Path
    path: str
    crop: CropTransform

    def read(self, height: int, width: int) -> np.ndarray:
        """Return (height, width) float32 in [0, 1], 1 = visible face, 0 where the crop ends."""
        mask = FaceFiles(self.folder, self.crop.size).mask(self.path)
        return self.crop.to_photo_mask(mask.astype(np.float32) / 255, height, width)


class PreparedRecords(Sequence[PhotoRecord]):
    """The rows of a manifest as records, parsed when they are asked for.

    Args:
        folder: the prepared folder.

    Raises:
        SeethroughError: the folder or its manifest is damaged.
    """

    def __init__(self, folder: Path) -> None:
        self.folder, self.side = folder, read_prepared_folder(folder).side
        self._starts = open_index(folder).rows["offset"]
        with (folder / MANIFEST).open("rb") as file:
            self._text = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)

    def __len__(self) -> int:
        return len(self._starts)

    @overload
    def __getitem__(self, index: int) -> PhotoRecord: ...
    @overload
    def __getitem__(self, index: slice) -> list[PhotoRecord]: ...
    def __getitem__(self, index: Any) -> Any:
        """Return one record, or a list of them."""
        if isinstance(index, slice):
            return [self[number] for number in range(*index.indices(len(self)))]
        start = int(self._starts[index])
        end = self._text.find(b"\n", start)
        return self._record(trusted_row(self._text[start : end if end >= 0 else len(self._text)]))

    def __iter__(self) -> Iterator[PhotoRecord]:
        return (self[number] for number in range(len(self)))

    def _record(self, row: ManifestRow) -> PhotoRecord:
        crop = CropTransform(row.scale, row.centre, self.side)
        known = row.mask if row.mask is not None and ShardPlace.parse(row.mask) is None else None
        width, height = row.photo_size
        return PhotoRecord(
            id=row.id,
            # Of what was said in pixels of the photo before it was read, only masks and landmarks show here.
            source=PreparedPhoto(Path(row.source), row.detected and row.mask is None, (int(width), int(height))),
            split=row.split,  # pyright: ignore[reportArgumentType]  # checked by the index
            identity=row.identity,
            subset=row.subset,
            mask=None if known is None else PreparedMask(self.folder, known, crop),
            landmarks=crop.to_photo(row.landmarks),
        )


def prepared_folder_of(source: str) -> Path | None:
    """Return the prepared folder that a path means, itself or its manifest; None if it means something else."""
    path = Path(source)
    folder = path.parent if path.name == MANIFEST else path
    if is_prepared(folder):
        return folder
    if path.name == MANIFEST:
        raise SeethroughError(f"{source}: not the manifest of a finished preparation; python -m tools.prepare_photos")
    return None


def prepared_listing(folder: Path) -> Listing:
    """Return all faces of a prepared folder.

    Raises:
        SeethroughError: it holds bump targets itself, or is damaged.
    """
    facts = read_prepared_folder(folder)
    if facts.data_set == "bump":
        raise SeethroughError(f"{folder}: these are bump targets already; name the photos that they were made of")
    return Listing(PreparedRecords(folder))
