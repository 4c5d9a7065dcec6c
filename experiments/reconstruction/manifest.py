"""The manifest of an output folder, and the folder names that it has given away."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import Any

from seethrough.errors import SeethroughError

Row = dict[str, Any]
NAME = "manifest.jsonl"


def printable(path: Path) -> str:
    """Return a path as text that every file and terminal takes; bytes that are no UTF-8 are escaped."""
    return os.fsencode(path).decode("utf-8", "backslashreplace")


def manifest_row(
    photo: Path,
    stages: dict[str, dict[str, object]],
    *,
    reason: str | None = None,
    seconds: float | None = None,
    landmark_error_px: float | None = None,
    occluded_fraction: float | None = None,
    outputs: dict[str, str] | None = None,
    face: int | None = None,
) -> Row:
    """Return one row: ``ok`` with wall seconds, numbers and paths, or ``failed`` with its reason.

    ``face`` counts the faces of the photo from 1; None where the photo failed before one was found.
    """
    return {
        "photo": printable(photo),
        "face": face,
        "status": "ok" if reason is None else "failed",
        "reason": reason,
        "seconds": seconds,
        "landmark_error_px": landmark_error_px,
        "occluded_fraction": occluded_fraction,
        "stages": stages,
        "outputs": outputs or {},
    }


class Manifest:
    """``manifest.jsonl`` of an output folder: one JSON object a line, valid at every moment.

    A command adds to what earlier ones wrote into the same folder; a photo that is done again replaces its rows.

    Args:
        folder: output folder; it is made.

    Raises:
        SeethroughError: the folder cannot be made or written, or holds a manifest of something else.
    """

    def __init__(self, folder: str | Path) -> None:
        self.folder = Path(folder)
        self.path = self.folder / NAME
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            text = self.path.read_text(encoding="utf-8") if self.path.exists() else ""
            self.rows = [row for line in text.splitlines() if (row := self._parsed(line)) is not None]
            # Kept as text: a video that is done again writes all of them after each frame.
            self._lines = [_line(row) for row in self.rows]
            # A process that was killed may have left half a line; it goes.
            self._rewrite()
        except (OSError, UnicodeDecodeError) as error:
            reason = getattr(error, "strerror", None) or "not text"
            raise SeethroughError(
                f"{self.folder}: cannot be used for the results ({reason}); give --out FOLDER"
            ) from None
        # Names that differ in case only are one folder on some systems.
        self._names = {name.lower(): row["photo"] for row in self.rows for name in self._folders(row)}

    def folder_for(self, photo: Path, face: int, faces: int) -> Path:
        """Return a folder for a face that no other photo and no other face of this command has got.

        Args:
            photo: the photo's path.
            face: 0 for the first face.
            faces: how many faces of the photo are written.
        """
        stem = re.sub(r"[^\w.\- ]+", "_", photo.stem).strip(" .") or "photo"
        name = stem if faces == 1 else f"{stem}_face{face + 1}"
        candidate, count = name, 1
        while self._names.setdefault(candidate.lower(), printable(photo)) != printable(photo):
            count += 1
            candidate = f"{name}_{count}"
        return self.folder / candidate

    def record(self, rows: list[Row]) -> None:
        """Write the rows of one photo; rows that an earlier command wrote for it go."""
        photos = {row["photo"] for row in rows}
        kept = [index for index, row in enumerate(self.rows) if row["photo"] not in photos]
        replaces, lines = len(kept) < len(self.rows), [_line(row) for row in rows]
        self.rows = [self.rows[index] for index in kept] + rows
        self._lines = [self._lines[index] for index in kept] + lines
        try:
            if replaces:
                self._rewrite()
            else:
                with self.path.open("a", encoding="utf-8") as file:
                    file.write("".join(lines))
        except OSError as error:
            raise SeethroughError(f"{self.path}: cannot be written ({error.strerror}); is the disk full?") from None

    def _rewrite(self) -> None:
        temporary = self.path.with_suffix(".partial")
        temporary.write_text("".join(self._lines), encoding="utf-8")
        os.replace(temporary, self.path)

    def _folders(self, row: Row) -> set[str]:
        paths = [Path(path) for path in row["outputs"].values()]
        return {path.parent.name for path in paths}

    def _parsed(self, line: str) -> Row | None:
        try:
            row = json.loads(line)
        except ValueError:
            return None
        if not (isinstance(row, dict) and isinstance(row.get("photo"), str) and isinstance(row.get("outputs"), dict)):
            return None
        return row | {"outputs": self._here(row["outputs"])}

    def _here(self, outputs: dict[str, str]) -> dict[str, str]:
        """Return paths as they are in this folder, which may have been moved or copied with all that is in it."""
        parts = {name: Path(path) for name, path in outputs.items() if isinstance(path, str)}
        return {name: str(self.folder / path.parent.name / path.name) for name, path in parts.items()}


def _line(row: Row) -> str:
    return json.dumps(row, ensure_ascii=False, allow_nan=False) + "\n"
