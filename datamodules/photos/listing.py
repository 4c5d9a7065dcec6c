"""Any photos as a data set: a folder, one photo, or a list of photos."""

from __future__ import annotations

import hashlib
import os
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np

from datamodules.photos.faults import Fault
from datamodules.photos.landmark_files import find_detection, read_detection
from datamodules.photos.mask_file import MASK_SUFFIX, MaskFile
from datamodules.photos.record import LONGEST_ID, Listing, PhotoFile, PhotoRecord
from seethrough.errors import SeethroughError
from seethrough.photos.finding import without_converted
from seethrough.photos.reading import PHOTO_SUFFIXES, UNREAD_SUFFIXES


def listing(root: str | Path) -> Listing:
    """List photos, all of them for training, people unknown.

    Landmarks come from ``detections/X.txt`` beside ``X.jpg`` (Deep3D's layout), masks from FOCUS'
    ``X_visible_skin_mask.png``, where there are such files. Hidden files and folders are passed over; links are
    followed, also out of the folder.

    Args:
        root: a folder with everything below it, sorted by path; one photo; or a ``.txt`` list of one path a line,
            relative to the list's own folder, ``#`` starting a comment.

    Returns:
        Ids are paths below the folder, without suffix, ``__`` for a slash; photos that differ in the suffix alone keep
        it.
    """
    root = Path(root)
    if root.is_dir():
        paths = without_converted(_below(root))
        stems = {path.with_suffix("") for path in paths}
        # A mask of a photo that is there is no photo.
        found = [(path, str(path)) for path in paths if _masked(path) not in stems]
        base, empty = root, f"no photo in this folder; looked for {' '.join(PHOTO_SUFFIXES)}"
    elif root.suffix.lower() == ".txt":
        base, empty = root.parent, "the list names no photo; write one path a line"
        try:
            found = list(_listed(root))
        except (OSError, UnicodeDecodeError) as error:
            reason = error.strerror if isinstance(error, OSError) else "not UTF-8"
            return Listing([], [Fault(str(root), f"the list cannot be read ({reason}); give a text file")])
    else:
        found, base, empty = [(root, str(root))], root.parent, ""
    if not found:
        return Listing([], [Fault(str(root), empty)])
    return _checked(found, base)


def _checked(found: list[tuple[Path, str]], base: Path) -> Listing:
    stems = Counter(_id(path.with_suffix(""), base) for path in dict.fromkeys(path for path, _ in found))
    records: list[PhotoRecord] = []
    faults: list[Fault] = []
    first: dict[str, str] = {}
    for path, where in found:
        name = _id(path.with_suffix(""), base)
        name = name if stems[name] == 1 else _id(path, base)
        landmarks, mask = None, path.with_name(path.stem + MASK_SUFFIX)
        wrong = _unusable(path)
        if not wrong and name in first:
            wrong = f"{path} has the id {name!r}, as {first[name]} has; keep one of them, or rename it"
        if not wrong:
            landmarks, wrong = _landmarks(path)
        first.setdefault(name, where)
        if wrong:
            faults.append(Fault(where, wrong, name))
        else:
            kept = MaskFile(mask, "white") if mask.is_file() else None
            records.append(PhotoRecord(name, PhotoFile(path), mask=kept, landmarks=landmarks))
    return Listing(records, faults)


def _below(folder: Path) -> Iterator[Path]:
    """Yield everything below a folder that is called like a photo; a loop of links is gone through once."""
    paths: list[Path] = []
    seen = {os.path.realpath(folder)}
    for parent, folders, files in os.walk(folder, followlinks=True):
        called = [name for name in [*files, *folders] if name.lower().endswith(PHOTO_SUFFIXES + UNREAD_SUFFIXES)]
        paths += [Path(parent, name) for name in called if not name.startswith(".")]
        real = {name: os.path.realpath(Path(parent, name)) for name in folders if not name.startswith(".")}
        folders[:] = [name for name, path in real.items() if path not in seen]
        seen.update(real.values())
    yield from sorted(paths)


def _listed(path: Path) -> Iterator[tuple[Path, str]]:
    lines: Iterable[str] = path.read_text(encoding="utf-8-sig").splitlines()
    for number, line in enumerate(lines, 1):
        name = line.strip()
        if name and not name.startswith("#"):
            photo = path.parent / name
            if "\\" in name and not photo.exists():
                photo = path.parent / name.replace("\\", "/")
            yield photo, f"{path} row {number}"


def _masked(path: Path) -> Path | None:
    """Return the photo, without its suffix, whose mask a file is by its name."""
    name = path.name.removesuffix(MASK_SUFFIX)
    return path.with_name(name) if name and name != path.name else None


def _unusable(path: Path) -> str:
    if path.is_file():
        return ""  # what cannot be read is skipped in its turn, HEIC as well as a damaged photo
    if path.is_dir():
        return f"{path} is a folder, expected a photo; rename it or take it out"
    return f"{path} is a link to nothing; mend it" if path.is_symlink() else f"there is no photo {path}; check the path"


def _landmarks(path: Path) -> tuple[np.ndarray | None, str]:
    detection = find_detection(path)
    try:
        return (None if detection is None else read_detection(detection)), ""
    except SeethroughError as error:
        return None, str(error)


def _id(path: Path, base: Path) -> str:
    """Return a path below ``base``, or else the whole path, as a name for files."""
    absolute, within = Path(os.path.abspath(path)), Path(os.path.abspath(base))
    inner = absolute.relative_to(within) if absolute.is_relative_to(within) else absolute.relative_to(absolute.anchor)
    name = str(inner).replace("/", "__").replace("\\", "__")
    if len(name.encode()) <= LONGEST_ID:
        return name
    return f"{name[-40:]}-{hashlib.sha256(name.encode()).hexdigest()[:16]}"
