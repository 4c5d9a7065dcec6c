"""One record of a listing, from its photo to the files and the manifest row of a prepared folder."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from datamodules.photos.atomic_files import jpeg_bytes, png_bytes, write_bytes
from datamodules.photos.manifest import ManifestRow, bump_path, crop_path, mask_path
from datamodules.photos.preparing.face_search import FaceSearch
from datamodules.photos.preparing.settings import PreparationSettings
from datamodules.photos.record import PhotoFile, PhotoRecord, unfit_id
from datamodules.sample import LANDMARK_COUNT
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
_PATHS = {"crop": crop_path, "mask": mask_path, "bump": bump_path}
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


class UnusablePhotoError(SeethroughError):
    """One photo cannot be used; the message is one line that names its file.

    Attributes:
        why: the kind of reason, one of few, for counting.
    """

    def __init__(self, message: str, why: str) -> None:
        super().__init__(message)
        self.why = why


@contextmanager
def unusable(record: PhotoRecord, why: str) -> Iterator[None]:
    """Turn what one photo or its numbers bring about in the block into an :class:`UnusablePhotoError`."""
    try:
        yield
    except UnusablePhotoError:
        raise
    except UNUSABLE as error:
        named = isinstance(error, SeethroughError) and why not in (OUTSIDE, NO_CROP)
        reason = one_line(error)
        raise UnusablePhotoError(reason if named else f"{record.source.name}: {reason}", why) from error


@dataclass(frozen=True, eq=False)
class FoundFace:
    """A face in its photo.

    Attributes:
        photo: (H, W, 3) uint8.
        landmarks: (68, 2) photo pixels.
        aligned: the crop of a sample.
        detected: a detector found the landmarks.
        score: its confidence; 0 where it was not asked.
        several: it found others, too.
    """

    photo: np.ndarray
    landmarks: np.ndarray
    aligned: CropTransform
    detected: bool
    score: float
    several: bool


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
        try:
            found = self._found(record)
            crop, files = self._cut(record, found)
        except UnusablePhotoError as error:
            return SkippedPhoto(record.id, record.source.name, str(error), error.why)
        for key, content in files.items():
            write_bytes(self.out / _PATHS[key](record.id), content)
        x, y = crop.centre
        return ManifestRow(
            id=record.id,
            source=record.source.name,
            split=record.split,
            identity=record.identity,
            subset=record.subset,
            crop=crop_path(record.id),
            mask=mask_path(record.id) if "mask" in files else None,
            landmarks=crop.to_crop(found.landmarks),
            scale=round(crop.scale, DIGITS),
            centre=(round(x, DIGITS), round(y, DIGITS)),
            photo_size=(found.photo.shape[1], found.photo.shape[0]),
            detected=found.detected,
            score=round(found.score, DIGITS),
            bump=bump_path(record.id) if "bump" in files else None,
            several=found.several,
        )

    def _found(self, record: PhotoRecord) -> FoundFace:
        """Read the photo and find its face.

        Raises:
            UnusablePhotoError: it cannot be read, or shows none.
            SeethroughError: the detector is not installed.
        """
        with unusable(record, UNREADABLE):
            photo = record.read()
        if self._search is None and not _has_all_landmarks(record):
            self._search = FaceSearch(self._load_detector())  # no photo is to blame for a detector that is not there
        with unusable(record, NO_FACE):
            landmarks, detected, score = self._landmarks(record, photo)
        with unusable(record, NO_CROP):
            aligned = record.crop or align(landmarks)
        with unusable(record, OUTSIDE):
            _refuse_outside(landmarks, aligned, photo)
        several = detected and self._search is not None and self._search.several
        return FoundFace(photo, landmarks, aligned, detected, score, several)

    def _cut(self, record: PhotoRecord, found: FoundFace) -> tuple[CropTransform, dict[str, bytes]]:
        """Return the stored crop and the files of a face by the manifest's keys.

        Raises:
            UnusablePhotoError: there are none.
        """
        with unusable(record, NO_CROP):
            crop = stored_crop(found.aligned, self.settings)
            image = np.rint(crop.crop(found.photo) * 255).astype(np.uint8)
        files = {"crop": jpeg_bytes(image, self.settings.quality)}
        if record.mask is not None:
            with unusable(record, NO_MASK):
                mask = crop.crop_mask(record.mask.read(*found.photo.shape[:2]))
            files["mask"] = png_bytes(np.rint(mask * 255).astype(np.uint8))
        return crop, files

    def _landmarks(self, record: PhotoRecord, photo: np.ndarray) -> tuple[np.ndarray, bool, float]:
        if self._search is None or _has_all_landmarks(record):
            return np.asarray(record.landmarks, dtype=np.float64), False, 0.0
        face = self._search(photo, record.box, record.landmarks)
        if face is None and record.crop is not None and record.box is not None:
            # The data set says what is shown, and evaluates on it: a face that is hidden too well must not be missing.
            face = self._search.guess(photo, record.box)
        if face is None:
            raise SeethroughError(
                f"{record.source.name}: the detector {self.settings.detector} finds no face{_remedy(record)}"
            )
        return face.landmarks, True, face.score


def _has_all_landmarks(record: PhotoRecord) -> bool:
    return record.landmarks is not None and record.landmarks.shape == (LANDMARK_COUNT, 2)


def _remedy(record: PhotoRecord) -> str:
    """Say where no face was found, and what may help."""
    where = " at the place that the data set gives" if record.box is not None or record.landmarks is not None else ""
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
