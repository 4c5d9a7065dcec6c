"""The list of a prepared folder's faces: ``manifest.jsonl``, one JSON row a face, and ``preparation.json``."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, get_args

import numpy as np

from datamodules.photos.atomic_files import writing_text
from datamodules.photos.faults import Fault
from datamodules.photos.record import Split
from datamodules.sample import LANDMARK_COUNT
from seethrough.errors import SeethroughError

MANIFEST, PREPARATION, SKIPPED = "manifest.jsonl", "preparation.json", "skipped.jsonl"
FORMAT = 1
SPLITS: tuple[str, ...] = get_args(Split)


@dataclass(frozen=True, eq=False)
class ManifestRow:
    """One prepared face.

    Attributes:
        id: unique within the folder and usable as a file name.
        source: name of the photo that it was cut from.
        split: ``train``, ``validation`` or ``test``.
        identity: name of the person; None where it is not known.
        subset: name of the evaluation subset, empty where there is none.
        crop: path of the stored crop, relative to the folder.
        mask: path of the mask of the visible face, relative to the folder; None where it is not known.
        landmarks: (68, 2) float64, pixels of the stored crop, half-integer pixel centres.
        scale: crop pixels per photo pixel.
        centre: (x, y) in the photo of the crop's middle, pixels.
        photo_size: width and height of the photo, pixels.
        detected: a detector found the landmarks, they did not come with the data set.
        score: the detector's confidence; 0 where it was not asked.
        bump: path of the bump map, relative to the folder; None, and not in the row, where none was made.
        several: the detector saw other faces, too; not in the row where it did not.
    """

    id: str
    source: str
    split: str
    identity: str | None
    subset: str
    crop: str
    mask: str | None
    landmarks: np.ndarray
    scale: float
    centre: tuple[float, float]
    photo_size: tuple[int, int]
    detected: bool
    score: float
    bump: str | None = None
    several: bool = False

    def line(self) -> str:
        """Return the row of ``manifest.jsonl``, with its line break; the same face always gives the same bytes."""
        values = {**vars(self), "landmarks": np.round(np.asarray(self.landmarks, np.float64), 3).tolist()}
        values["centre"], values["photo_size"] = list(self.centre), list(self.photo_size)
        if self.bump is None:
            del values["bump"]
        if not self.several:
            del values["several"]
        return json.dumps(values, ensure_ascii=False, allow_nan=False, separators=(",", ":")) + "\n"


KEYS = tuple(ManifestRow.__dataclass_fields__)
OPTIONAL = ("bump", "several")
FILES = {"crop": "crops", "mask": "masks", "bump": "bumps"}
"""Keys that name a file of the face, and the folder where it lies."""


def face_path(folder: str, name: str, suffix: str) -> str:
    """Return where the file of a face lies in a prepared folder: ``crops/ab/NAME.jpg``, ab from the name's SHA-256."""
    return f"{folder}/{hashlib.sha256(name.encode()).hexdigest()[:2]}/{name}{suffix}"


def crop_path(name: str) -> str:
    """Return the path of the crop of the face with this id, relative to the prepared folder."""
    return face_path("crops", name, ".jpg")


def mask_path(name: str) -> str:
    """Return the path of the mask of the face with this id, relative to the prepared folder."""
    return face_path("masks", name, ".png")


def bump_path(name: str) -> str:
    """Return the path of the bump map of the face with this id, relative to the prepared folder."""
    return face_path("bumps", name, ".png")


def write_manifest(path: str | Path, rows: Iterable[ManifestRow]) -> int:
    """Write rows one by one, so that millions need no memory; the file appears whole or not at all.

    Returns:
        The number of rows.
    """
    count = 0
    with writing_text(Path(path)) as file:
        for row in rows:
            file.write(row.line())
            count += 1
    return count


def manifest_lines(file: BinaryIO) -> Iterator[tuple[int, bytes]]:
    """Yield the offset in bytes and the text of each row that is not blank."""
    offset = 0
    for line in file:
        if line.strip():
            yield offset, line
        offset += len(line)


def read_manifest(path: str | Path) -> Iterator[ManifestRow]:
    """Yield the rows of a manifest one after the other, each of them checked.

    Raises:
        SeethroughError: there is no such file, or a row is wrong; names file, row and key.
    """
    path = Path(path)
    try:
        with path.open("rb") as file:
            for number, (_, line) in enumerate(manifest_lines(file), 1):
                row = parse_row(line, f"{path} row {number}")
                if isinstance(row, Fault):
                    raise SeethroughError(str(row))
                yield row
    except OSError as error:
        raise SeethroughError(f"{path}: cannot be read ({error.strerror}); prepare the photos first") from None


def parse_row(line: bytes | str, where: str) -> ManifestRow | Fault:
    """Read one row; ``where`` names file and row in the fault that is returned if it is no row."""
    try:
        values = json.loads(line)
    except ValueError as error:
        return Fault(where, f"not JSON ({error}); prepare the photos again")
    if not isinstance(values, dict):
        return Fault(where, "not a JSON object; prepare the photos again")
    missing = [key for key in KEYS if key not in values and key not in OPTIONAL]
    missing += [key for key in values if key not in KEYS]
    if missing:
        what = "is missing" if missing[0] in KEYS else "is unknown"
        return Fault(where, f"key '{missing[0]}' {what}; prepare the photos again")
    wrong = _wrong_key(values)
    if wrong is not None:
        key, wanted = wrong
        return Fault(where, f"key '{key}' must be {wanted}, it is {_short(values[key])}", str(values["id"]))
    landmarks = _landmarks(values["landmarks"])
    if landmarks is None:
        wanted = f"{LANDMARK_COUNT} finite [x, y]"
        return Fault(where, f"key 'landmarks' must be {wanted}, it is {_short(values['landmarks'])}", values["id"])
    x, y = values["centre"]
    width, height = values["photo_size"]
    changed = {"landmarks": landmarks, "centre": (x, y), "photo_size": (width, height)}
    return ManifestRow(**{**values, **changed})


def trusted_row(line: bytes) -> ManifestRow:
    """Read a row that :func:`parse_row` has checked before."""
    values = json.loads(line)
    values["landmarks"] = np.array(values["landmarks"], np.float64)
    values["centre"], values["photo_size"] = tuple(values["centre"]), tuple(values["photo_size"])
    return ManifestRow(**values)


def _wrong_key(values: dict[str, Any]) -> tuple[str, str] | None:
    """Return the first key with a wrong value, and what it must be."""
    for key in ("id", "source", "crop"):
        if not isinstance(values[key], str) or not values[key]:
            return key, "a text that is not empty"
    if "/" in values["id"]:
        return "id", "a text that can name a file"
    if values["split"] not in SPLITS:
        return "split", f"one of {', '.join(SPLITS)}"
    for key in ("identity", "mask"):
        if values[key] is not None and (not isinstance(values[key], str) or not values[key]):
            return key, "a text or null"
    if not isinstance(values["subset"], str):
        return "subset", "a text"
    if "bump" in values and not (isinstance(values["bump"], str) and values["bump"]):
        return "bump", "a text that is not empty"
    for key in FILES:
        if values.get(key) is not None and not _inside(values[key]):
            return key, "a path inside the prepared folder"
    for key in ("scale", "score"):
        if not _finite(values[key]) or (key == "scale" and values[key] <= 0):
            return key, "a positive number" if key == "scale" else "a number"
    for key in ("centre", "photo_size"):
        if not (isinstance(values[key], list) and len(values[key]) == 2 and all(map(_finite, values[key]))):
            return key, "two numbers"
    for key in ("detected", "several"):
        if not isinstance(values.get(key, False), bool):
            return key, "true or false"
    return None


def _inside(path: str) -> bool:
    return not path.startswith("/") and "\\" not in path and ".." not in path.split("/")


def _finite(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _landmarks(value: Any) -> np.ndarray | None:
    try:
        points = np.array(value, np.float64)
    except (ValueError, TypeError):
        return None
    return points if points.shape == (LANDMARK_COUNT, 2) and np.isfinite(points).all() else None


def _short(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 60 else text[:57] + "..."
