"""What an earlier run has left of the faces of a photo."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from experiments.reconstruction.face_state import FILES
from experiments.reconstruction.manifest import Manifest, Row, printable
from experiments.reconstruction.stages import FACE_STAGES
from seethrough.errors import SeethroughError

FACE_STATE = "state_face"
LOST = f"the earlier run has not kept this face ({FILES['face']}); run the command again without --stages"


def rows_of(manifest: Manifest, photo: Path) -> list[Row]:
    """Return the rows of the faces of a photo, in the order of the faces."""
    return [row for row in manifest.rows if row["photo"] == printable(photo)]


def is_kept(row: Row) -> bool:
    """Tell whether a run can go on from the face of a row."""
    return FACE_STATE in row["outputs"]


def refuse_unkept(manifest: Manifest, rows: list[Row]) -> None:
    """Raise ``SeethroughError`` where no face of a photo was kept."""
    if not any(map(is_kept, rows)):
        raise SeethroughError(
            f"no earlier run with --detail has left this photo in {manifest.folder} ({FILES['face']}); run the command "
            "without --stages first"
        )


def folder_of(row: Row) -> Path:
    """Return the folder of a face."""
    return Path(row["outputs"][FACE_STATE]).parent


def done_before(row: Row) -> list[str]:
    """Return the stages before the foundation that need not be done again."""
    done = [name for name in FACE_STAGES if row["stages"].get(name, {}).get("status") in ("ok", "reused")]
    # Written last of its stage, and taken away before the face is fitted anew.
    written = Path(row["outputs"].get("parameters", "")).is_file()
    return [name for name in done if name != "write" or written]


def failed_again(row: Row, stages: dict[str, dict[str, Any]], reason: str) -> Row:
    """Return the row of an earlier run for a face that could not be gone on with; its results stay.

    A row that has failed before without being kept says itself why.
    """
    if row["status"] == "failed" and not is_kept(row):
        return row
    known = {name: {"status": "reused", "seconds": 0.0} for name in done_before(row)}
    return row | {"status": "failed", "reason": reason, "seconds": None, "stages": stages | known}
