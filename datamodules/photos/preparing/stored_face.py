"""One record of a listing, from its photo to the files and the manifest row of a prepared folder."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from datamodules.photos.manifest import ManifestRow, crop_path, mask_path
from datamodules.photos.preparing.atomic_files import jpeg_bytes, png_bytes, write_bytes
from datamodules.photos.preparing.face_search import FaceSearch
from datamodules.photos.preparing.settings import PreparationSettings
from datamodules.photos.record import PhotoRecord
from seethrough.errors import SeethroughError
from seethrough.photos import CropTransform, FaceDetector, align

DIGITS = 6
UNREADABLE, NO_FACE, NO_CROP = "the photo cannot be read", "no face is found", "the face cannot be cut out"
NO_MASK, FAULT = "the mask cannot be read", "the listing has a fault"


@dataclass(frozen=True)
class SkippedPhoto:
    """A record that has no row in the manifest.

    Attributes:
        id: of the record.
        source: name of the photo.
        reason: one line that names the file.
        why: the kind of reason, one of few, for counting.
    """

    id: str
    source: str
    reason: str
    why: str

    def line(self) -> str:
        """Return the row of ``skipped.jsonl``, with its line break."""
        return json.dumps(vars(self), ensure_ascii=False, allow_nan=False, separators=(",", ":")) + "\n"


class FaceStore:
    """Prepares records one by one.

    Args:
        out: the prepared folder.
        settings: how photos are searched and cut.
        detector: returns what finds faces; called when the first record without landmarks comes.
    """

    def __init__(self, out: Path, settings: PreparationSettings, detector: Callable[[], FaceDetector]) -> None:
        self.out, self.settings = out, settings
        self._load_detector = detector
        self._search: FaceSearch | None = None

    def __call__(self, record: PhotoRecord) -> ManifestRow | SkippedPhoto:
        """Write crop and mask of one record and return its row, or why there is none."""
        why = UNREADABLE
        try:
            photo = record.source.read()
            why = NO_FACE
            landmarks, detected, score = self._landmarks(record, photo)
            why = NO_CROP
            crop = stored_crop(record.crop or align(landmarks), self.settings)
            image = np.rint(crop.crop(photo) * 255).astype(np.uint8)
            why = NO_MASK
            mask = None if record.mask is None else crop.crop_mask(record.mask.read(photo.shape[0], photo.shape[1]))
        except SeethroughError as error:
            return SkippedPhoto(record.id, record.source.name, one_line(error), why)
        x, y = crop.centre
        row = ManifestRow(
            id=record.id,
            source=record.source.name,
            split=record.split,
            identity=record.identity,
            subset=record.subset,
            crop=crop_path(record.id),
            mask=None if mask is None else mask_path(record.id),
            landmarks=crop.to_crop(landmarks),
            scale=round(crop.scale, DIGITS),
            centre=(round(x, DIGITS), round(y, DIGITS)),
            photo_size=(photo.shape[1], photo.shape[0]),
            detected=detected,
            score=round(score, DIGITS),
        )
        write_bytes(self.out / row.crop, jpeg_bytes(image, self.settings.quality))
        if mask is not None:
            write_bytes(self.out / mask_path(record.id), png_bytes(np.rint(mask * 255).astype(np.uint8)))
        return row

    def _landmarks(self, record: PhotoRecord, photo: np.ndarray) -> tuple[np.ndarray, bool, float]:
        given = record.landmarks
        if given is not None and given.shape == (68, 2):
            return np.asarray(given, dtype=np.float64), False, 0.0
        if self._search is None:
            self._search = FaceSearch(self._load_detector())
        face = self._search(photo, record.box, given)
        if face is None and record.crop is not None and record.box is not None:
            # The data set says what is shown, and evaluates on it: a face that is hidden too well must not be missing.
            face = self._search.guess(photo, record.box)
        if face is None:
            where = " where the data set says that it is" if record.box is not None or given is not None else ""
            raise SeethroughError(f"{record.source.name}: the detector {self.settings.detector} finds no face{where}")
        return face.landmarks, True, face.score


def stored_crop(crop: CropTransform, settings: PreparationSettings) -> CropTransform:
    """Return the crop of a sample, seen with the wider field and at the resolution that are stored."""
    side = settings.side
    return replace(crop, size=side, scale=crop.scale * side / (crop.size * settings.field))


def one_line(error: Exception) -> str:
    """Return the text of an error without line breaks."""
    return " ".join(str(error).split()) or type(error).__name__
