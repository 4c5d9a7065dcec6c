"""A place for compiled kernels where neither the installation nor the home folder can be written.

numba keeps compiled code beside the source or in the user's cache folder, and refuses to import a kernel when it can
write neither (containers, cluster nodes, system-wide installations).
"""

from __future__ import annotations

import os
import stat
import sys
import tempfile
from pathlib import Path

VARIABLE = "NUMBA_CACHE_DIR"


def provide_compile_cache() -> None:
    """Point numba to a folder among the temporary files if it has no other place; a set variable is left alone."""
    if os.environ.get(VARIABLE) or any(map(_can_be_written, _usual_places())):
        return
    try:
        folder = str(_private_folder())
    except OSError:
        return  # nowhere to write at all: numba says so itself
    os.environ[VARIABLE] = folder
    if "numba" in sys.modules:  # it reads the variable once, when it is imported
        sys.modules["numba"].config.CACHE_DIR = folder


def _usual_places() -> tuple[Path, Path]:
    kernels = Path(__file__).parent / "rendering" / "kernels" / "__pycache__"
    if sys.platform == "darwin":
        user = Path(os.path.expanduser("~/Library/Caches"))
    else:
        user = Path(os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache"))
    return kernels, user / "numba"


def _can_be_written(folder: Path) -> bool:
    """Say whether a folder, or the nearest one above it that exists, takes new files."""
    existing = next((place for place in (folder, *folder.parents) if os.path.exists(place)), folder)
    return os.path.isdir(existing) and os.access(existing, os.W_OK | os.X_OK)


def _private_folder() -> Path:
    """Return the user's own folder among the temporary files; a fresh one if somebody else could write there.

    numba unpickles what it finds in its cache, so a folder that another user made or opened is not trusted.
    """
    owner = os.getuid() if hasattr(os, "getuid") else None
    folder = Path(tempfile.gettempdir()) / f"seethrough-kernels-{owner if owner is not None else 'user'}"
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
        found = folder.lstat()
        if owner is None or (
            stat.S_ISDIR(found.st_mode) and found.st_uid == owner and not found.st_mode & (stat.S_IWGRP | stat.S_IWOTH)
        ):
            return folder
    except FileExistsError:
        pass
    return Path(tempfile.mkdtemp(prefix="seethrough-kernels-"))
