"""What lies in the folders of a data set: one look at each folder, none at each file."""

from __future__ import annotations

import os
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from seethrough.photos.reading import PHOTO_SUFFIXES


class FolderContent(NamedTuple):
    """The photos of a folder, and what is called a photo but is none."""

    photos: list[str]
    """File names, sorted."""
    broken: dict[str, str]
    """What is wrong, by file name."""
    folders: int
    """Folders in this folder."""


def person_folders(root: Path) -> list[str]:
    """Return the names of the folders in ``root``, sorted, without hidden ones and those that unpacking leaves."""
    with os.scandir(root) as entries:
        return sorted(entry.name for entry in entries if entry.name[0] not in "._" and entry.is_dir())


def folder_content(folder: str | Path) -> FolderContent:
    """Look into one folder; links are followed, wherever they lead.

    Raises:
        OSError: the folder cannot be read.
    """
    photos, broken, folders = [], {}, 0
    with os.scandir(folder) as entries:
        for entry in entries:
            name = entry.name
            if name.startswith("."):  # macOS leaves a "._001.jpg" beside every photo
                continue
            if entry.is_file():
                if name.lower().endswith(PHOTO_SUFFIXES):
                    photos.append(name)
            elif name.lower().endswith(PHOTO_SUFFIXES):
                broken[name] = "a folder is called like a photo" if entry.is_dir() else "the link leads nowhere"
            elif entry.is_dir():
                folders += 1
    return FolderContent(sorted(photos), broken, folders)


class PhotoFinder:
    """Finds files that lists name, by one look at each folder; the case of letters need not agree."""

    def __init__(self, root: Path) -> None:
        self.root = root
        # Lists go from person to person: a few folders at a time suffice.
        self._content = lru_cache(maxsize=64)(self._look)

    def find(self, folder: str, name: str) -> str | None:
        """Return the name under which a file lies in a folder; None if it does not.

        Args:
            folder: relative to the root, or absolute.
            name: of the file; without a suffix, that of any photo will do.
        """
        exact, folded, _ = self._content(folder)
        if name in exact:
            return name
        return folded.get(name.lower())

    def missing(self, folder: str, name: str) -> str:
        """Return what to say of a file that was not found."""
        path = os.path.join(self.root, folder, name)
        _, _, broken = self._content(folder)
        if name in broken:
            return f"{path}: {broken[name]}"
        if not os.path.isdir(os.path.dirname(path)):
            return f"no folder {os.path.dirname(path)}, which should hold {os.path.basename(path)}"
        return f"no file {path}"

    def _look(self, folder: str) -> tuple[frozenset[str], dict[str, str], dict[str, str]]:
        try:
            content = folder_content(os.path.join(self.root, folder))
        except OSError:
            return frozenset(), {}, {}
        folded: dict[str, str] = {}
        for name in content.photos:
            folded.setdefault(name.lower(), name)
            folded.setdefault(name.lower().rpartition(".")[0], name)
        return frozenset(content.photos), folded, content.broken
