"""What a copy of LFW holds: the photos that its pairs are made of, each once."""

from __future__ import annotations

import os
from pathlib import Path

from datamodules.lfw.config import LfwConfig
from datamodules.lfw.pairs import Pairs, read_pairs
from datamodules.photos.faults import Fault
from datamodules.photos.photo_folders import PhotoFinder, folder_content, person_folders
from datamodules.photos.record import Listing, PhotoFile, PhotoRecord
from seethrough.errors import SeethroughError

FOLDERS = ("lfw", "lfw_funneled", "lfw-deepfunneled")
SIDE = 250
_HALF_FACE = SIDE / 2.2 / 2
FACE_BOX = (SIDE / 2 - _HALF_FACE, SIDE / 2 - _HALF_FACE, SIDE / 2 + _HALF_FACE, SIDE / 2 + _HALF_FACE)
"""Where the face lies that a photo is named after: LFW was cut to 2.2 times the box of a face detector."""


def listing(config: LfwConfig) -> Listing:
    """List the photos of LFW in the order in which the pairs name them; all of them are for testing.

    Raises:
        SeethroughError: no root, no folder of photos or several, no list of pairs.
    """
    root = Path(config.root)
    if not config.root or not root.is_dir():
        raise SeethroughError(
            f"data.root={config.root!r} is no folder; name the one with the photos of LFW and pairs.txt"
        )
    photos = photo_folder(root, config.folder)
    path = pair_list(root, photos, config.pairs)
    pairs = read_pairs(path)
    records, faults = _of_pairs(pairs, photos, path)
    if not records:
        raise SeethroughError(
            f"{photos} has none of the {len(pairs.images)} photos of {path}; {_inside(root, config.pairs)}"
            "is it the folder of LFW?"
        )
    if config.all_photos:
        others, more = _others(photos, {record.id for record in records} | {fault.id for fault in faults})
        records, faults = [*records, *others], [*faults, *more]
    return Listing(records, [*pairs.faults, *faults])


def photo_folder(root: Path, name: str = "") -> Path:
    """Return the folder that has a folder for each person.

    Without a name it is one of :data:`FOLDERS` in the root, or one in the other, as some archives have them and as it
    is below the folder that holds LFW; or else the root.

    Raises:
        SeethroughError: no such folder, or several to choose from.
    """
    if name:
        if not (root / name).is_dir():
            raise SeethroughError(
                f"{root} has no folder {name}; correct data.folder, or leave it out to find the folder"
            )
        return root / name
    folder = root
    for _ in range(2):
        found = _versions(folder)
        if len(found) > 1:
            choice = " or ".join(f"data.folder={(folder / entry).relative_to(root)}" for entry in found)
            raise SeethroughError(f"{folder} has {len(found)} versions of LFW; choose one by {choice}")
        folder = folder / found[0] if found else folder
    return folder


def _versions(folder: Path) -> list[str]:
    known = {name.replace("_", "-") for name in FOLDERS}
    return [entry for entry in person_folders(folder) if entry.lower().replace("_", "-") in known]


def pair_list(root: Path, photos: Path, name: str) -> Path:
    """Return the list of pairs: a path as it is, or a name in the root, among or beside the photos, or beside the root.

    Raises:
        SeethroughError: it is in none of these places.
    """
    places = [Path(name), root / name, photos / name, photos.parent / name, root.parent / name]
    for place in places[1:] if len(Path(name).parts) == 1 else places:
        if place.is_file():
            return place
    raise SeethroughError(
        f"{root} has no {name}; {_inside(root, name)}get it from the web page of LFW, or name it by data.pairs=PATH"
    )


def _inside(root: Path, pairs: str) -> str:
    """Say which folder in the root looks like LFW, where one does and the root itself was taken for it."""
    for name in person_folders(root):
        try:
            has = (root / name / pairs).is_file() or bool(_versions(root / name))
        except OSError:
            continue
        if has:
            return f"{root / name} looks like LFW: give data.root={root / name}; otherwise, "
    return ""


def _of_pairs(pairs: Pairs, photos: Path, path: Path) -> tuple[list[PhotoRecord], list[Fault]]:
    finder = PhotoFinder(photos)
    records: list[PhotoRecord] = []
    faults: list[Fault] = []
    for image, person in pairs.images.items():
        name = finder.find(person, f"{image}.jpg") or finder.find(person, image)
        if name is None:
            missing = finder.missing(person, f"{image}.jpg")
            faults.append(Fault(f"{path} row {pairs.first_rows[image]}", f"{missing}; complete the data set", image))
        else:
            records.append(_record(image, person, photos / person / name))
    return records, faults


def _others(photos: Path, listed: set[str]) -> tuple[list[PhotoRecord], list[Fault]]:
    """Return the photos that no pair names, by person and name."""
    records: list[PhotoRecord] = []
    faults: list[Fault] = []
    for person in person_folders(photos):
        try:
            content = folder_content(photos / person)
        except OSError as error:
            faults.append(Fault(str(photos / person), f"the folder cannot be read ({error.strerror})", person))
            continue
        for name in content.photos:
            image = os.path.splitext(name)[0]
            if image not in listed:
                records.append(_record(image, person, photos / person / name))
        for name, wrong in sorted(content.broken.items()):
            image = os.path.splitext(name)[0]
            if image not in listed:
                faults.append(Fault(str(photos / person / name), f"{wrong}; remove or replace it", image))
    return records, faults


def _record(image: str, person: str, path: Path) -> PhotoRecord:
    return PhotoRecord(image, PhotoFile(path), "test", identity=person, box=FACE_BOX)
