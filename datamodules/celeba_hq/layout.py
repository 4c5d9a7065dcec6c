"""Where photos and masks of CelebAMask-HQ lie, in the spellings that its users have."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from datamodules.celeba_hq.face_mask import CLASSES, PartMasks
from datamodules.photos.faults import Fault
from seethrough.photos.reading import PHOTO_SUFFIXES

PHOTO_FOLDERS = ("CelebA-HQ-img", "CelebA-HQ-images")
MASK_FOLDERS = ("CelebAMask-HQ-mask-anno", "CelebAMaskHQ-mask-anno")
DATA_SET_FOLDER = "CelebAMask-HQ"
MAPPING = "CelebA-HQ-to-CelebA-mapping.txt"
_MASK_NAME = re.compile(r"(\d+)(_(.+)\.png)", re.IGNORECASE)


def photo_id(index: int) -> str:
    """Return the id of photo ``index``: five digits, as the masks are named."""
    return f"{index:05d}"


def data_set_folder(root: Path) -> Path:
    """Return the folder that holds the photos: ``root`` itself, or ``CelebAMask-HQ`` in it."""
    if find(root, PHOTO_FOLDERS) is None and (inner := find(root, (DATA_SET_FOLDER,))) is not None:
        return inner
    return root


def find(folder: Path, names: tuple[str, ...]) -> Path | None:
    """Return the entry of a folder that has one of these names in upper or lower case, the first name first."""
    entries = {entry.name.lower(): entry for entry in _entries(folder)}
    found = next((entries[name.lower()] for name in names if name.lower() in entries), None)
    return None if found is None else folder / found.name


@dataclass(frozen=True)
class PhotoFolder:
    """The photos by their index."""

    photos: dict[int, Path]
    faults: list[Fault]


def index_photos(folder: Path) -> PhotoFolder:
    """List ``12.jpg``, ``00012.png`` and the like; a second file of a number, or no file at all, is a fault."""
    photos: dict[int, Path] = {}
    faults: list[Fault] = []
    for entry in _entries(folder):
        stem, suffix = os.path.splitext(entry.name)
        if suffix.lower() not in PHOTO_SUFFIXES or entry.name.startswith("."):
            continue
        if not (stem.isascii() and stem.isdigit()):
            faults.append(
                Fault(entry.path, "the name is no number, as in 0.jpg to 29999.jpg; rename or remove it", stem)
            )
        elif not entry.is_file():
            faults.append(Fault(entry.path, _no_file(entry, "photo"), photo_id(int(stem))))
        elif int(stem) in photos:
            other = photos[int(stem)].name
            faults.append(Fault(entry.path, f"{other} is the same photo {int(stem)}; keep one", photo_id(int(stem))))
        else:
            photos[int(stem)] = Path(entry.path)
    return PhotoFolder(photos, faults)


@dataclass(frozen=True)
class MaskFolder:
    """The mask files of each photo by its index."""

    parts: dict[int, PartMasks]
    faults: list[Fault]


def index_masks(folder: Path) -> MaskFolder:
    """List ``0/00000_skin.png`` and the like, in numbered folders or all in one."""
    parts: dict[int, PartMasks] = {}
    faults: list[Fault] = []
    for inner in [folder, *(Path(entry.path) for entry in _entries(folder) if entry.is_dir())]:
        for entry in _entries(inner):
            match = _MASK_NAME.fullmatch(entry.name)
            if match is None:
                continue
            digits, tail, name = match.group(1), sys.intern(match.group(2)), match.group(3).lower()
            index = int(digits)
            known = parts.get(index, PartMasks(inner, digits, ()))
            if name not in CLASSES:
                wrong = f"'{name}' is no class of CelebAMask-HQ ({' '.join(CLASSES)}); rename or remove it"
            elif not entry.is_file():
                wrong = _no_file(entry, "mask")
            elif (known.folder, known.stem) != (inner, digits) or name in known.names:
                wrong = f"photo {index} has another mask of it in {known.folder}; keep one"
            else:
                parts[index] = PartMasks(inner, digits, (*known.tails, tail))
                continue
            faults.append(Fault(entry.path, wrong, photo_id(index)))
    return MaskFolder(parts, faults)


def _entries(folder: Path) -> Iterator[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            yield from sorted(entries, key=lambda entry: entry.name)
    except OSError:  # told by whoever needs what lies in it
        return


def _no_file(entry: os.DirEntry[str], what: str) -> str:
    kind = "a folder" if entry.is_dir() else "a link to nothing" if entry.is_symlink() else "no ordinary file"
    return f"{kind}, expected a {what}; put the file there"
