"""Rows of single images, as a file for programs."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from seethrough.errors import SeethroughError

if TYPE_CHECKING:
    import numpy as np


def write_rows(path: str | Path, rows: dict[str, np.ndarray], set_name: str) -> None:
    """Write the columns that have one value an image as arrays of one ``.npz`` file; it needs no pickle to be read.

    A further column ``set`` holds ``set_name`` in every row, so that rows of other pictures are not taken for these.

    Raises:
        SeethroughError: the file cannot be written.
    """
    import numpy as np

    columns: dict[str, Any] = {name: values for name, values in rows.items() if values.ndim == 1}
    columns["set"] = np.full(len(rows["id"]), set_name)
    try:
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        np.savez_compressed(path, **columns)
    except OSError as error:
        raise SeethroughError(
            f"the rows cannot be written to {path} ({error.strerror}): choose another place"
        ) from None


def read_columns(path: Path, required: Sequence[str] = ("set", "id")) -> dict[str, np.ndarray]:
    """Read columns with one value per image, sorted by image.

    Raises:
        SeethroughError: the file is missing or broken, or one of ``required`` is not in it.
    """
    from zipfile import BadZipFile

    import numpy as np

    try:
        with np.load(path, allow_pickle=False) as file:
            columns = {name: file[name] for name in file.files}
    except (OSError, ValueError, EOFError, KeyError, BadZipFile) as error:
        raise SeethroughError(
            f"{path} holds no rows of an evaluation ({type(error).__name__}): evaluate again"
        ) from None
    missing = [name for name in required if name not in columns]
    if missing:
        raise SeethroughError(f"{path} has no column '{missing[0]}': evaluate again")
    order = np.argsort(columns["id"], kind="stable")
    return {name: values[order] for name, values in columns.items()}
