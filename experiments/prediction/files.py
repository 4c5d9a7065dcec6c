"""The folder of predictions: a file a picture, named by its id, and a note on what all of them were made with."""

from __future__ import annotations

import io
import json
import os
import shutil
from collections.abc import Iterable, Mapping
from pathlib import Path

import numpy as np

from datamodules.photos.atomic_files import remove_partial, write_bytes
from datamodules.photos.manifest import face_path
from experiments.command_line import write_json
from seethrough.errors import SeethroughError

FACES, SUFFIX, NOTE = "faces", ".npz", "predictions.json"


class PredictionFiles:
    """``faces/ab/ID.npz`` below a folder, each there whole or not at all; ab is from the id's SHA-256.

    Args:
        folder: where predictions go.
    """

    def __init__(self, folder: str | Path) -> None:
        self.folder = Path(folder)

    def path(self, name: str) -> Path:
        """Return the file of a picture."""
        return self.folder / face_path(FACES, name, SUFFIX)

    def open(self, made_with: Mapping[str, str], overwrite: bool = False) -> None:
        """Note what the predictions are made with, or find that those in the folder were made with the same.

        Args:
            made_with: texts under names in snake case.
            overwrite: first remove the predictions that are there.

        Raises:
            SeethroughError: the folder holds something else, or cannot be written.
        """
        note = self.folder / NOTE
        try:
            if overwrite:
                shutil.rmtree(self.folder / FACES, ignore_errors=True)
                note.unlink(missing_ok=True)
            if note.exists():
                self._refuse_others(note, made_with)
            elif self.folder.is_dir() and any(self.folder.iterdir()):
                raise SeethroughError(f"{self.folder}: holds other files than predictions; name another folder (--out)")
            remove_partial(self.folder)
        except OSError as error:
            raise SeethroughError(f"{self.folder}: {error.strerror}; name another folder (--out)") from None
        if not note.exists():
            write_json(note, dict(made_with))

    def _refuse_others(self, note: Path, made_with: Mapping[str, str]) -> None:
        try:
            before = json.loads(note.read_text(encoding="utf-8"))
            different = [key for key in made_with if before[key] != made_with[key]]
        except (ValueError, KeyError, TypeError):
            raise SeethroughError(f"{note}: damaged; --overwrite predicts everything anew") from None
        if different:
            key = different[0]
            raise SeethroughError(
                f"{note}: its predictions were made otherwise ({key}: {before[key]}; now {made_with[key]}); "
                "name another folder (--out), or give --overwrite"
            )

    def missing(self, names: Iterable[str]) -> np.ndarray:
        """Return the places of those names that have no file yet, in order."""
        there: set[str] = set()
        faces = self.folder / FACES
        for part in sorted(faces.iterdir()) if faces.is_dir() else ():
            there.update(name for name in os.listdir(part) if name.endswith(SUFFIX))
        return np.array([place for place, name in enumerate(names) if name + SUFFIX not in there], dtype=np.int64)

    def write(self, name: str, values: Mapping[str, np.ndarray]) -> None:
        """Write the prediction of one picture.

        Raises:
            SeethroughError: the disk is full, or the folder cannot be written.
        """
        buffer = io.BytesIO()
        np.savez_compressed(buffer, **values)  # pyright: ignore[reportArgumentType]
        path = self.path(name)
        try:
            write_bytes(path, buffer.getvalue())
        except OSError as error:
            raise SeethroughError(
                f"{path}: cannot be written ({error.strerror}); make room, and the same command does what is missing"
            ) from None
