"""Landmarks that come in files: the CSV tables of FOCUS and the ``detections`` folder of Deep3D.

Both count pixels by whole numbers from the middle of the top left one, as the detectors behind them do; here that
middle is (0.5, 0.5), so that half a pixel is added on reading.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from datamodules.photos.faults import Fault
from seethrough.errors import SeethroughError

LANDMARK_COUNT = 68
HALF_PIXEL = 0.5
SMALLEST_FACE = 4.0


@dataclass(frozen=True)
class LandmarkRow:
    """One row of a table.

    Attributes:
        name: the photo as the table writes it, with ``/`` for every kind of separator and none in front.
        landmarks: (68, 2) float64, iBUG order, photo pixels, half-integer pixel centres.
        row: its number in the file, from 1.
    """

    name: str
    landmarks: np.ndarray = field(compare=False)
    row: int


@dataclass(frozen=True)
class LandmarkTable:
    """The rows of a table that can be used, in its order, and the faults of the others.

    The id of a fault is the name in its row, or the row where there is none.
    """

    path: Path
    rows: list[LandmarkRow]
    faults: list[Fault]


def photo_name(text: str) -> str:
    """Write the name of a photo in a list uniformly: backslashes, a slash in front and doubled ones become ``a/b``."""
    parts = [part for part in text.strip().replace("\\", "/").split("/") if part not in ("", ".")]
    return "/".join(parts)


def read_landmark_table(path: str | Path) -> LandmarkTable:
    """Read ``name,x1,y1,...,x68,y68`` rows, whole numbers or not, with or without a header.

    A file that cannot be read, or has no row, is a fault without an id.
    """
    path = Path(path)
    rows: list[LandmarkRow] = []
    faults: list[Fault] = []
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            for cells in (reader := csv.reader(file)):
                number = reader.line_num
                cells = _without_empty_end(cells)
                if not cells or (not rows and not faults and _is_header(cells)):
                    continue
                name = photo_name(cells[0])
                landmarks, wrong = _coordinates(cells[1:]) if name else (None, "no photo is named in the first column")
                if landmarks is None:
                    faults.append(Fault(f"{path} row {number}", wrong, name or f"row {number}"))
                else:
                    rows.append(LandmarkRow(name, landmarks, number))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        reason = error.strerror if isinstance(error, OSError) else "no text in UTF-8"
        faults.append(Fault(str(path), f"the landmark table cannot be read ({reason}); name a CSV file"))
    if not rows and not faults:
        faults.append(Fault(str(path), "the landmark table is empty; it needs rows of name,x1,y1,...,x68,y68"))
    return LandmarkTable(path, rows, faults)


def find_detection(photo: Path) -> Path | None:
    """Return the file that Deep3D reads for a photo, ``detections/<stem>.txt`` beside it, if it is there."""
    path = photo.parent / "detections" / f"{photo.stem}.txt"
    return path if path.is_file() else None


def read_detection(path: str | Path) -> np.ndarray:
    """Read the landmarks of one photo, a line ``x y`` a point.

    Returns:
        (5, 2) float64: the person's right eye (left in the picture), left eye, nose tip, right and left mouth corner;
        or (68, 2) in iBUG order where the file has 68 lines. Photo pixels, half-integer pixel centres.

    Raises:
        SeethroughError: the file cannot be read or holds something else; the message names it and the line.
    """
    try:
        lines = Path(path).read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "no text"
        raise SeethroughError(f"{path}: the landmarks cannot be read ({reason}); write five lines 'x y'") from error
    points: list[list[float]] = []
    for number, line in enumerate(lines, start=1):
        numbers = _numbers(line.replace(",", " ").split())
        if numbers is None or len(numbers) not in (0, 2):
            raise SeethroughError(f"{path} row {number}: '{line.strip()[:40]}' is no point; write two numbers 'x y'")
        if numbers:
            points.append(numbers)
    if len(points) not in (5, LANDMARK_COUNT):
        raise SeethroughError(f"{path}: {len(points)} points; landmarks have 5 or {LANDMARK_COUNT} lines 'x y'")
    landmarks = np.array(points, dtype=np.float64) + HALF_PIXEL
    if wrong := _implausible(landmarks):
        raise SeethroughError(f"{path}: {wrong}")
    return landmarks


def _coordinates(cells: list[str]) -> tuple[np.ndarray | None, str]:
    if len(cells) != 2 * LANDMARK_COUNT:
        return None, f"{len(cells)} coordinates after the name; {LANDMARK_COUNT} landmarks have {2 * LANDMARK_COUNT}"
    numbers = _numbers(cells)
    if numbers is None:
        wrong = next(cell for cell in cells if _numbers([cell]) is None)
        return None, f"'{wrong.strip()[:20]}' is no coordinate; write a number"
    landmarks = np.array(numbers, dtype=np.float64).reshape(LANDMARK_COUNT, 2) + HALF_PIXEL
    wrong = _implausible(landmarks)
    return (None, wrong) if wrong else (landmarks, "")


def _implausible(landmarks: np.ndarray) -> str:
    if not np.isfinite(landmarks).all():
        return "a coordinate is not finite; detect this face again or take it out"
    if np.ptp(landmarks, axis=0).max() < SMALLEST_FACE:
        return f"all landmarks within {SMALLEST_FACE:g} pixels, no face was found; detect it again or take it out"
    return ""


def _numbers(cells: list[str]) -> list[float] | None:
    try:
        return [float(cell) for cell in cells]
    except ValueError:
        return None


def _is_header(cells: list[str]) -> bool:
    return len(cells) > 1 and all(_numbers([cell]) is None for cell in cells)


def _without_empty_end(cells: list[str]) -> list[str]:
    while cells and not cells[-1].strip():
        cells = cells[:-1]
    return cells
