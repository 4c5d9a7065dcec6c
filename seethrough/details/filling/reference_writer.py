"""Writing a reference set face by face, so that a run that was killed goes on and ends with the same bytes."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from seethrough.details.bump_encoding import encode_bump
from seethrough.details.filling.reference_files import (
    DESCRIPTION,
    FACES,
    SKIPPED,
    VERSION,
    SetDescription,
    column_path,
    read_description,
    replace_json,
    row_bytes,
    row_checksum,
    write_description,
)
from seethrough.details.filling.viewpoint import Viewpoint
from seethrough.errors import SeethroughError

PROGRESS = "progress.json"


@dataclass(frozen=True)
class NewReference:
    """A face that is to become a reference.

    Attributes:
        id: its name.
        identity: name of the person; None where it is not known.
        bump: (S, S) mm towards the camera.
        mask: (S, S) bool, where the bump says something.
        landmarks: (68, 2) px of its crop.
        viewpoint: from where it is seen.
        feature: (D,) as the recognition network gives it.
    """

    id: str
    identity: str | None
    bump: np.ndarray
    mask: np.ndarray
    landmarks: np.ndarray
    viewpoint: Viewpoint
    feature: np.ndarray


class ReferenceWriter:
    """Appends faces to the columns of a set; what a killed run has not noted as done is cut off again.

    Args:
        folder: of the set; made where it is missing.
        description: what all faces have in common.
        settings: what else decides the faces; noted down, and compared when a run goes on.
        overwrite: remove what other settings have left there.

    Attributes:
        finished: the set is complete already.
        taken: how many faces of the source earlier runs have dealt with, references or not.
        rows: how many references there are.
        skipped: how many faces were left out.

    Raises:
        SeethroughError: the folder holds a set of other settings, or something else, or cannot be written.
    """

    def __init__(
        self, folder: str | Path, description: SetDescription, settings: dict[str, Any], *, overwrite: bool = False
    ) -> None:
        self.folder, self.description, self.settings = Path(folder), description, settings
        self.finished, self.taken, self.rows, self.skipped = False, 0, 0, 0
        self._plan = json.loads(json.dumps({"version": VERSION, **asdict(description), "settings": settings}))
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            if overwrite:
                self._remove()
            self._go_on()
        except OSError as error:
            raise SeethroughError(f"{folder}: cannot be written ({error.strerror})") from None

    def append(self, faces: Sequence[NewReference], skipped: Sequence[tuple[str, str]] = ()) -> None:
        """Write some faces and the (id, reason) of those left out; when this returns they are on the disk.

        Raises:
            SeethroughError: the disk is full.
        """
        rows = self._columns_of(faces)
        lines = {FACES: [{"id": face.id, "identity": face.identity} for face in faces]}
        lines[SKIPPED] = [{"id": name, "reason": reason} for name, reason in skipped]
        try:
            for name, values in rows.items():
                self._extend(column_path(self.folder, name), values.tobytes())
            for name, entries in lines.items():
                text = "".join(json.dumps(entry, ensure_ascii=False) + "\n" for entry in entries)
                self._extend(self.folder / name, text.encode())
            self.rows, self.skipped = self.rows + len(faces), self.skipped + len(skipped)
            self.taken = self.rows + self.skipped
            self._note()
        except OSError as error:
            told = f"{self.folder}: cannot be written ({error.strerror}); free some room"
            raise SeethroughError(f"{told} and give the command again") from None

    def finish(self) -> None:
        """Make the folder a finished set.

        Raises:
            SeethroughError: it would have no face.
        """
        if self.finished:
            return
        if not self.rows:
            raise SeethroughError(f"{self.folder}: no face could be used ({self.skipped} left out, told in {SKIPPED})")
        write_description(self.folder, self.description, self.rows, self.settings)
        (self.folder / PROGRESS).unlink()
        self.finished = True

    def _columns_of(self, faces: Sequence[NewReference]) -> dict[str, np.ndarray]:
        bumps = [encode_bump(np.where(face.mask, face.bump, 0.0)) for face in faces]
        masks = [np.packbits(face.mask) for face in faces]
        values: dict[str, list[Any]] = {
            "bump": bumps,
            "mask": masks,
            "landmarks": [face.landmarks for face in faces],
            "rotation": [face.viewpoint.rotation for face in faces],
            "translation": [face.viewpoint.translation for face in faces],
            "feature": [face.feature for face in faces],
            "checksum": [row_checksum(bump, mask) for bump, mask in zip(bumps, masks, strict=True)],
        }
        columns = self.description.columns().items()
        return {name: np.array(values[name], kind).reshape(len(faces), *shape) for name, (shape, kind) in columns}

    def _go_on(self) -> None:
        if (self.folder / DESCRIPTION).exists():
            description, self.rows, settings, _ = read_description(self.folder)
            self._compare({"version": VERSION, **asdict(description), "settings": settings})
            self.finished = True
            return
        if (self.folder / PROGRESS).exists():
            self._cut_off(self.folder / PROGRESS)
            return
        if any(self.folder.iterdir()):
            raise SeethroughError(f"{self.folder}: not empty and no reference set; choose another folder")
        for path in self._lengths({FACES: 0, SKIPPED: 0}):
            path.touch()
        self._note()

    def _cut_off(self, path: Path) -> None:
        try:
            progress = json.loads(path.read_text(encoding="utf-8"))
            plan, texts = progress["plan"], progress["bytes"]
            self.taken, self.rows, self.skipped = (int(progress[name]) for name in ("taken", "rows", "skipped"))
        except (ValueError, KeyError, TypeError) as error:
            raise SeethroughError(f"{path}: damaged ({error}); add --overwrite to begin anew") from None
        self._compare(plan)
        for file, length in self._lengths(texts).items():
            if not file.exists() or file.stat().st_size < length:
                raise SeethroughError(f"{file}: shorter than what was written; add --overwrite to begin anew")
            os.truncate(file, length)

    def _lengths(self, texts: dict[str, int]) -> dict[Path, int]:
        columns = self.description.columns().items()
        lengths = {column_path(self.folder, name): self.rows * row_bytes(*column) for name, column in columns}
        return {**lengths, **{self.folder / name: length for name, length in texts.items()}}

    def _compare(self, plan: dict[str, Any]) -> None:
        ours, theirs = ({**each, **each["settings"], "settings": None} for each in (self._plan, plan))
        for key in (*ours, *theirs):
            if ours.get(key) != theirs.get(key):
                told = f"({key}={theirs.get(key)}, not {ours.get(key)}"[:120]
                what = f"{self.folder}: a reference set of other settings {told})"
                raise SeethroughError(f"{what}; add --overwrite, or choose another folder")

    def _remove(self) -> None:
        if any(self.folder.iterdir()) and not any((self.folder / name).exists() for name in (DESCRIPTION, PROGRESS)):
            raise SeethroughError(f"{self.folder}: not a reference set, so it is not removed; choose another folder")
        shutil.rmtree(self.folder)
        self.folder.mkdir()

    def _note(self) -> None:
        told = {"taken": self.taken, "rows": self.rows, "skipped": self.skipped, "plan": self._plan}
        told["bytes"] = {name: (self.folder / name).stat().st_size for name in (FACES, SKIPPED)}
        replace_json(self.folder / PROGRESS, told)

    @staticmethod
    def _extend(path: Path, content: bytes) -> None:
        with path.open("ab") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
