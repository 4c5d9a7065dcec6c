"""The folders in which an earlier run has left the faces of a photo."""

from __future__ import annotations

from pathlib import Path

from experiments.reconstruction.face_state import FILES
from experiments.reconstruction.manifest import Manifest, Row, printable
from seethrough.errors import SeethroughError

FACE_STATE = "state_face"


def earlier_rows(manifest: Manifest, photo: Path) -> list[Row]:
    """Return the rows of the faces of a photo that an earlier run has kept.

    Raises:
        SeethroughError: there is none.
    """
    rows = [row for row in manifest.rows if row["photo"] == printable(photo) and FACE_STATE in row["outputs"]]
    if not rows:
        raise SeethroughError(
            f"no earlier run with --detail has left this photo in {manifest.folder} ({FILES['face']}); run the command "
            "without --stages first"
        )
    return rows


def folder_of(row: Row) -> Path:
    """Return the folder of a face."""
    return Path(row["outputs"][FACE_STATE]).parent
