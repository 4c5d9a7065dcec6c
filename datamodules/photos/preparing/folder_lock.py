"""Who may prepare a folder: one process at a time, and for one purpose."""

from __future__ import annotations

import fcntl
import json
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from datamodules.photos.prepared_folder import is_prepared, read_prepared_folder
from seethrough.errors import SeethroughError

PURPOSE, LOCK = "purpose.json", "lock"


@contextmanager
def alone(out: Path, work: Path) -> Iterator[None]:
    """Keep other processes from preparing the same folder, and say what is wrong with it in one line.

    Args:
        out: the folder.
        work: in it, what a preparation keeps while it lasts; removed at the end if nothing was begun or all is done.

    Raises:
        SeethroughError: another process is at it, or the folder cannot be written.
    """
    try:
        work.mkdir(parents=True, exist_ok=True)
        with (work / LOCK).open("w") as file:
            # Given back by the system when the process dies, however it dies.
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            try:
                yield
            finally:
                if not (work / PURPOSE).exists():
                    shutil.rmtree(work)
    except BlockingIOError:
        raise SeethroughError(f"{out}: another process is preparing this folder; wait for it to end") from None
    except OSError as error:
        reason = error.strerror or error
        raise SeethroughError(f"{out}: cannot be written ({reason}); choose another folder") from error


def refuse_another(out: Path, work: Path, purpose: Mapping[str, Any]) -> None:
    """Refuse to prepare something else into a folder that holds a preparation, finished or not.

    Raises:
        SeethroughError: names the first thing that differs, and both values.
    """
    found = _earlier(out, work)
    for key, value in purpose.items() if found else ():
        before = found.get(key)
        # "album" and "album/" are one folder, from here or from elsewhere.
        if before != value and not (key == "root" and before and Path(before).resolve() == Path(value).resolve()):
            raise SeethroughError(
                f"{out} holds a preparation with {key}={before!r}, now it is {value!r}: "
                "choose another folder, or overwrite this one (--overwrite)"
            )


def _earlier(out: Path, work: Path) -> dict[str, Any]:
    """Return the purpose of the preparation that the folder holds; empty if there is none."""
    if is_prepared(out):
        done = read_prepared_folder(out)
        known = {key: getattr(done, key) for key in ("data_set", "root", "side", "field", "detector")}
        return {**known, **done.settings}
    try:
        found = json.loads((work / PURPOSE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}
