"""Records whose numbers are damaged: each is skipped with a reason, whatever it brings about."""

from __future__ import annotations

import tracemalloc
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from datamodules.photos.manifest import ManifestRow
from datamodules.photos.preparing.stored_face import (
    NO_CROP,
    NO_FACE,
    OUTSIDE,
    UNFIT_ID,
    UNREADABLE,
    FaceStore,
    SkippedPhoto,
    stored_crop,
)
from datamodules.photos.record import LONGEST_ID, PhotoFile, PhotoRecord
from seethrough.errors import SeethroughError
from seethrough.photos import CropTransform, align
from seethrough.photos.resampling import resample
from tests.datamodules.photos.preparing.small_photos import SETTINGS, SIDE, landmarks, made_listing

RECORD = made_listing(1).records[0]


def stored(out: Path, record: PhotoRecord) -> ManifestRow | SkippedPhoto:
    def no_detector():
        raise AssertionError("landmarks are given")

    return FaceStore(out, SETTINGS, no_detector)(record)


def skipped(out: Path, **changes) -> SkippedPhoto:
    result = stored(out, replace(RECORD, **changes))
    assert isinstance(result, SkippedPhoto)
    assert not list(out.rglob("*.*"))
    assert "made/0" in result.reason or "source" in changes
    return result


@pytest.mark.parametrize("factor", [1e3, 1e9, 1e300])
def test_landmarks_far_apart_are_skipped(tmp_path: Path, factor: float) -> None:
    middle = SIDE / 2
    assert skipped(tmp_path, landmarks=middle + (landmarks() - middle) * factor).why == OUTSIDE


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_landmarks_that_are_not_finite_are_skipped(tmp_path: Path, value: float) -> None:
    assert skipped(tmp_path, landmarks=np.full((68, 2), value)).why == NO_CROP


@pytest.mark.parametrize("shift", [500, -500, 0.6 * SIDE])
def test_landmarks_outside_the_photo_are_skipped(tmp_path: Path, shift: float) -> None:
    result = skipped(tmp_path, landmarks=landmarks() + shift)
    assert result.why == OUTSIDE
    assert "of the landmarks lie outside the photo of 48 x 48" in result.reason


@pytest.mark.parametrize(
    "crop",
    [
        CropTransform(1.0, (5000.0, 5000.0), 224),
        CropTransform(1e-9, (24.0, 24.0), 224),
        CropTransform(0.0, (24.0, 24.0), 224),
        CropTransform(float("nan"), (24.0, 24.0), 224),
        CropTransform(10.0, (24.0, 46.0 + 11.2), 224),
    ],
)
def test_crop_of_the_data_set_beside_or_far_beyond_the_photo_is_skipped(tmp_path: Path, crop: CropTransform) -> None:
    assert skipped(tmp_path, crop=crop).why == OUTSIDE


def test_face_that_fills_or_leaves_a_photo_in_part_is_kept(tmp_path: Path) -> None:
    middle = SIDE / 2
    five_fill_it = middle + (landmarks() - middle) * 1.4
    assert isinstance(stored(tmp_path, replace(RECORD, landmarks=five_fill_it)), ManifestRow)
    assert isinstance(stored(tmp_path, replace(RECORD, landmarks=landmarks() + 8)), ManifestRow)


@dataclass(frozen=True)
class FailingPhoto:
    error: type[Exception]
    name: str = "made/failing"

    def read(self) -> np.ndarray:
        raise self.error(f"{self.name}: of this photo" if self.error is SeethroughError else "of this photo")


@pytest.mark.parametrize("error", [MemoryError, ValueError, OverflowError, SeethroughError])
def test_errors_of_one_photo_are_skipped_and_name_it(tmp_path: Path, error: type[Exception]) -> None:
    result = skipped(tmp_path, source=FailingPhoto(error))
    assert (result.why, result.reason) == (UNREADABLE, "made/failing: of this photo")


@pytest.mark.parametrize("name", ["x" * (LONGEST_ID + 1), "\u00e9" * 100, "a/b", "", ".."])
def test_ids_that_can_name_no_file_are_skipped(tmp_path: Path, name: str) -> None:
    assert skipped(tmp_path, id=name).why == UNFIT_ID


def test_longest_id_names_files(tmp_path: Path) -> None:
    assert isinstance(stored(tmp_path, replace(RECORD, id="x" * LONGEST_ID)), ManifestRow)


def test_absurd_crops_are_refused_without_their_memory() -> None:
    photo = np.zeros((SIDE, SIDE, 3), np.uint8)
    wide = stored_crop(align(landmarks() * 1e6), SETTINGS)
    with pytest.raises(SeethroughError, match="landmarks lie too far apart"):
        wide.crop(photo)
    with pytest.raises(SeethroughError, match="landmarks lie too far apart"):
        wide.crop_mask(photo[:, :, 0])
    with pytest.raises(SeethroughError, match="the crop has scale nan"):
        replace(wide, scale=float("nan")).crop(photo)
    beside = CropTransform(1e-3, (1e6, 0.0), 400)
    assert beside.shown(SIDE, SIDE) == 0
    assert CropTransform(1.0, (0.0, 24.0), 48).shown(SIDE, SIDE) == pytest.approx(0.5)


@pytest.mark.parametrize(
    "box", [(-300, -100, 60, 260), (-30, 20, 20, 70), (5, -400, 405, 0.5), (-90.5, -70, 140, 160.5)]
)
def test_picture_beyond_which_a_box_reaches_is_resampled_as_if_it_were_padded(box: tuple[float, ...]) -> None:
    picture = np.random.default_rng(0).random((SIDE, SIDE, 3)).astype(np.float32)
    padded = np.pad(picture, ((600, 600), (600, 600), (0, 0)), constant_values=0.25)
    moved = (box[0] + 600, box[1] + 600, box[2] + 600, box[3] + 600)
    for side in (40, 300):
        np.testing.assert_allclose(
            resample(picture, box, side, side, fill=0.25), resample(padded, moved, side, side), atol=2e-5
        )


def test_memory_follows_the_picture_where_a_box_is_far_wider() -> None:
    picture = np.ones((SIDE, SIDE), np.float32)
    tracemalloc.start()
    resample(picture, (-10_000, -10_000, 10_000, 10_000), 256, 256)
    resample(picture, (1e8, 0, 1e8 + 1e5, 1e5), 256, 256)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 8e6, "the whole box has 1.6 GB"


class Blind:
    """A detector that finds nothing and keeps what it was shown."""

    def __init__(self) -> None:
        self.shown: list[np.ndarray] = []

    def faces(self, photo: np.ndarray) -> list:
        self.shown.append(photo)
        return []


def turned(path: Path, orientation: int = 6) -> PhotoFile:
    """Write 48 x 48 px that a viewer turns by a quarter."""
    exif = Image.Exif()
    exif[0x0112] = orientation
    Image.fromarray(RECORD.source.read()).save(path, exif=exif)
    return PhotoFile(path)


def test_landmarks_of_a_table_count_the_pixels_as_they_are_stored(tmp_path: Path) -> None:
    plain = stored(tmp_path / "plain", RECORD)
    exif = stored(tmp_path / "exif", replace(RECORD, source=turned(tmp_path / "turned.png")))
    assert isinstance(plain, ManifestRow) and isinstance(exif, ManifestRow)
    for name in (plain.crop, plain.mask):
        assert name is not None
        assert (tmp_path / "plain" / name).read_bytes() == (tmp_path / "exif" / name).read_bytes()


@pytest.mark.parametrize("placed", [True, False])
def test_a_photo_without_a_face_says_what_may_help(tmp_path: Path, placed: bool) -> None:
    said = {"landmarks": None, "mask": None, "box": (8.0, 8.0, 40.0, 40.0) if placed else None}
    record, blind = replace(RECORD, source=turned(tmp_path / "turned.png"), **said), Blind()
    result = FaceStore(tmp_path / "out", SETTINGS, lambda: blind)(record)
    assert isinstance(result, SkippedPhoto) and result.why == NO_FACE and "finds no face" in result.reason
    pixels = RECORD.source.read()
    np.testing.assert_array_equal(record.read(), pixels if placed else np.rot90(pixels, -1))
    if placed:
        assert "at the place that the data set gives; its EXIF orientation 6 is not applied" in result.reason
    else:
        assert result.reason.endswith("finds no face; if it lies on its side, turn the photo")
