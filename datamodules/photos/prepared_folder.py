"""What ``preparation.json`` says of a prepared folder as a whole."""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from datamodules.photos.atomic_files import writing_text
from datamodules.photos.manifest import FORMAT, MANIFEST, PREPARATION
from seethrough.errors import SeethroughError


@dataclass(frozen=True)
class PreparedFolder:
    """How a prepared folder came to be.

    Attributes:
        data_set: name of the family.
        root: the raw tree, as it was given.
        side: height and width of the stored crops, pixels.
        field: how many times as wide as FOCUS' crop the stored crops are.
        detector: name of the face detector.
        count: rows of the manifest.
        skipped: faces that were left out.
        settings: everything else that was noted down.
    """

    data_set: str
    root: str
    side: int
    field: float
    detector: str
    count: int
    skipped: int
    settings: dict[str, Any] = dataclasses.field(default_factory=dict)

    def write(self, folder: str | Path) -> None:
        """Write ``preparation.json`` into a folder, whole or not at all; it is what makes the folder a finished one."""
        path = Path(folder) / PREPARATION
        known = {key: value for key, value in vars(self).items() if key != "settings"}
        text = json.dumps({"format": FORMAT, **known, **self.settings}, indent=2, ensure_ascii=False) + "\n"
        with writing_text(path) as file:
            file.write(text)


_TYPES = {"data_set": str, "root": str, "side": int, "field": (int, float), "detector": str, "count": int,
          "skipped": int}  # fmt: skip


def is_prepared(folder: str | Path) -> bool:
    """Return whether a preparation has been finished in this folder."""
    return (Path(folder) / PREPARATION).is_file() and (Path(folder) / MANIFEST).is_file()


def read_prepared_folder(folder: str | Path) -> PreparedFolder:
    """Read ``preparation.json``.

    Raises:
        SeethroughError: it is absent, damaged, or of another format; names the file and the key.
    """
    path = Path(folder) / PREPARATION
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise SeethroughError(f"{path}: cannot be read ({error.strerror}); prepare the photos first") from None
    except ValueError as error:
        raise SeethroughError(f"{path}: not JSON ({error}); prepare the photos again") from None
    if not isinstance(values, dict) or values.pop("format", None) != FORMAT:
        raise SeethroughError(f"{path}: key 'format' is not {FORMAT}; prepare the photos again with this version")
    for key, kind in _TYPES.items():
        if not isinstance(values.get(key), kind) or isinstance(values[key], bool):
            raise SeethroughError(f"{path}: key '{key}' is missing or of a wrong type; prepare the photos again")
    if values["side"] < 16 or not 0 < values["field"] < 100:
        raise SeethroughError(
            f"{path}: side={values['side']} and field={values['field']} make no crop; prepare the photos again"
        )
    known = {key: values.pop(key) for key in _TYPES}
    return PreparedFolder(**known, settings=values)
