"""What a copy of the NoW challenge holds: the photos of its lists, with the boxes of their faces."""

from __future__ import annotations

from pathlib import Path

from datamodules.now.challenge import BOXES, PHOTOS, RELEASE, SPLITS, ChallengeImage, find_list, read_list
from datamodules.now.config import NowConfig
from datamodules.now.detected_face import read_detected_face
from datamodules.photos.faults import Fault
from datamodules.photos.photo_folders import PhotoFinder
from datamodules.photos.record import Listing, PhotoFile, PhotoRecord, Split
from seethrough.counting import counted
from seethrough.errors import SeethroughError
from seethrough.photos import CropTransform
from seethrough.photos.alignment import REFERENCE_SIZE
from seethrough.photos.detection import Box

BOX_FACTOR = 1.6
VALIDATION_ALONE = "data.lists=validation is of the validation people alone, whose scans are public"


def listing(config: NowConfig) -> Listing:
    """List the photos of NoW, validation before test, each in the order of its list.

    Raises:
        SeethroughError: no root, no list, no photos; no boxes although crops should follow them.
    """
    root = Path(config.root)
    if not config.root:
        raise SeethroughError("data.root is not set; name the folder of the NoW data set")
    lists = _lists(root, config.lists)
    photos = _folder(root, PHOTOS)
    boxes = _folder(root, BOXES)
    if photos is None:
        raise SeethroughError(f"{root} has no {RELEASE}/{PHOTOS}; unpack the photos of NoW there")
    if boxes is None and config.crop == "box":
        raise SeethroughError(
            f"{root} has no {RELEASE}/{BOXES}; unpack the boxes of NoW there, or use data.crop=landmarks"
        )
    finder = PhotoFinder(photos)
    records: list[PhotoRecord] = []
    faults: list[Fault] = []
    places: dict[str, str] = {}
    for split, path in lists.items():
        images, wrong = read_list(path)
        faults += wrong
        if not images and not wrong:
            faults.append(Fault(str(path), "the list names no photo; get it again"))
        optional = config.lists == "all" and split == "test"
        if optional and images and not any(_lies(image, finder) for _, image in images):
            what = f"none of its {counted(len(images), 'photo')} is there; {VALIDATION_ALONE}"
            faults.append(Fault(str(path), what, "photos of the test people"))
            continue
        for row, image in images:
            where = f"{path} row {row}"
            if image.id in places:
                what = f"{image.path} is in {places[image.id]} too; take it out of one list"
                faults.append(Fault(where, what, f"{image.id} ({split})"))
                continue
            places[image.id] = where
            try:
                records.append(_record(image, split, finder, boxes, config.crop))
            except SeethroughError as error:
                remedy = f"; {VALIDATION_ALONE}" if optional else ""
                faults.append(Fault(where, f"{error}{remedy}", image.id))
    return Listing(records, faults)


def square_of_box(box: Box) -> CropTransform:
    """Return the square crop about the centre of a box whose side is 1.6 times the mean of width and height."""
    left, top, right, bottom = box
    side = BOX_FACTOR * ((right - left) + (bottom - top)) / 2
    return CropTransform(REFERENCE_SIZE / side, ((left + right) / 2, (top + bottom) / 2), REFERENCE_SIZE)


def _lies(image: ChallengeImage, finder: PhotoFinder) -> bool:
    folder, _, name = image.path.rpartition("/")
    return finder.find(folder, name) is not None


def _record(image: ChallengeImage, split: Split, finder: PhotoFinder, boxes: Path | None, crop: str) -> PhotoRecord:
    """Return the record of one photo; raises ``SeethroughError`` that says what is missing or damaged."""
    folder, _, name = image.path.rpartition("/")
    found = finder.find(folder, name)
    if found is None:
        raise SeethroughError(f"{finder.missing(folder, name)}; complete the data set")
    box = None
    if boxes is not None:
        path = boxes / f"{image.stem}.npy"
        if not path.is_file():
            raise SeethroughError(f"no file {path}; complete the data set, or take the folder {BOXES} away")
        box = read_detected_face(path)
    return PhotoRecord(
        image.id,
        PhotoFile(finder.root / folder / found),
        split,
        identity=image.subject,
        subset=image.challenge,
        box=box,
        crop=square_of_box(box) if box is not None and crop == "box" else None,
    )


def _lists(root: Path, wanted: str) -> dict[Split, Path]:
    if wanted != "all":
        return {wanted: find_list(root, wanted)}  # pyright: ignore[reportReturnType]
    found: dict[Split, Path] = {}
    for split in SPLITS:
        try:
            found[split] = find_list(root, split)
        except SeethroughError:
            continue
    return found or {"validation": find_list(root)}


def _folder(root: Path, name: str) -> Path | None:
    return next((folder for folder in (root / RELEASE / name, root / name) if folder.is_dir()), None)
