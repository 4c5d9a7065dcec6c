"""One record of a listing, from its photo to the files and the manifest row of a prepared folder."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from datamodules.photos.atomic_files import jpeg_bytes, png_bytes, write_bytes
from datamodules.photos.manifest import ManifestRow, crop_path, mask_path
from datamodules.photos.preparing.face_search import FaceSearch
from datamodules.photos.preparing.settings import PreparationSettings
from datamodules.photos.record import PhotoFile, PhotoRecord, unfit_id
from seethrough.errors import SeethroughError
from seethrough.photos import CropTransform, FaceDetector, align
from seethrough.photos.reading import photo_orientation

DIGITS = 6
UNREADABLE, NO_FACE, NO_CROP = "the photo cannot be read", "no face is found", "the face cannot be cut out"
NO_MASK, FAULT = "the mask cannot be read", "the listing has a fault"
OUTSIDE, UNFIT_ID = "the face lies outside the photo", "the id can name no file"
LEAST_LANDMARKS = 0.5
LEAST_SHOWN = 0.25
"""Less of the aligned crop in the photo, and there is no face to see. Photos cut tightly about a face, whose landmarks
all lie inside, show a third of it."""
UNUSABLE = (SeethroughError, ValueError, ArithmeticError, MemoryError)
"""What one photo or its numbers can bring about; the others must still be prepared."""


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
        if unfit := unfit_id(record.id):
            return SkippedPhoto(record.id, record.source.name, f"{record.source.name}: {unfit}", UNFIT_ID)
        why = UNREADABLE
        try:
            photo = record.read()
            why = NO_FACE
            landmarks, detected, score = self._landmarks(record, photo)
            why = NO_CROP
            aligned = record.crop or align(landmarks)
            why = OUTSIDE
            _refuse_outside(landmarks, aligned, photo)
            why = NO_CROP
            crop = stored_crop(aligned, self.settings)
            image = np.rint(crop.crop(photo) * 255).astype(np.uint8)
            why = NO_MASK
            mask = None if record.mask is None else crop.crop_mask(record.mask.read(photo.shape[0], photo.shape[1]))
        except UNUSABLE as error:
            reason, name = one_line(error), record.source.name
            named = isinstance(error, SeethroughError) and why not in (OUTSIDE, NO_CROP)
            return SkippedPhoto(record.id, name, reason if named else f"{name}: {reason}", why)
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
            raise SeethroughError(
                f"{record.source.name}: the detector {self.settings.detector} finds no face{_remedy(record)}"
            )
        return face.landmarks, True, face.score


def _remedy(record: PhotoRecord) -> str:
    """Say where no face was found, and what may help."""
    where = " where the data set says that it is" if record.box is not None or record.landmarks is not None else ""
    if not record.placed:
        return f"{where}; if it lies on its side, turn the photo"
    turn = photo_orientation(record.source.path) if isinstance(record.source, PhotoFile) else 1
    kept = f"; its EXIF orientation {turn} is not applied, because the data set's numbers count pixels as stored"
    return where + kept * (turn != 1)


def _refuse_outside(landmarks: np.ndarray, crop: CropTransform, photo: np.ndarray) -> None:
    height, width = photo.shape[:2]
    inside = ((landmarks >= 0) & (landmarks <= (width, height))).all(axis=1).mean()
    if inside < LEAST_LANDMARKS:
        raise SeethroughError(
            f"{1 - inside:.0%} of the landmarks lie outside the photo of {width} x {height}; check them"
        )
    if not crop.shown(height, width) >= LEAST_SHOWN:  # also where a number is not finite
        raise SeethroughError(
            f"the crop at ({crop.centre[0]:.0f}, {crop.centre[1]:.0f}) shows next to nothing of the photo of {width} x "
            f"{height}; check landmarks or box"
        )


def stored_crop(crop: CropTransform, settings: PreparationSettings) -> CropTransform:
    """Return the crop of a sample, seen with the wider field and at the resolution that are stored."""
    side = settings.side
    return replace(crop, size=side, scale=crop.scale * side / (crop.size * settings.field))


def one_line(error: Exception) -> str:
    """Return the text of an error without line breaks."""
    return " ".join(str(error).split()) or type(error).__name__
