"""Rows of single images, as a file for programs."""

from __future__ import annotations

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
