"""What lies in the folders of people: one look at each folder, none at each file."""

from __future__ import annotations

import os
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from datamodules.photos.faults import Fault
from datamodules.vgg_casia.file_records import FileRecords
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


def add_people(records: FileRecords, within: str, split: str, people: list[str]) -> Iterator[Fault]:
    """Add all photos of some people, whose folders bear their names, and yield what is wrong with the folders.

    Args:
        records: receives the photos, person by person, sorted by name.
        within: folder of the folders, relative to the root of ``records``; empty for the root itself.
        split: of these people.
        people: names of the folders.
    """
    for person in people:
        folder = os.path.join(within, person)
        path = os.path.join(records.root, folder)
        try:
            photos, broken, folders = folder_content(path)
        except OSError as error:
            yield Fault(path, f"the folder cannot be read ({error.strerror}); change its permissions", id=person)
            continue
        for name in sorted(broken):
            yield Fault(os.path.join(path, name), f"{broken[name]}; remove or replace it", id=f"{person}_{name}")
        if not photos and not broken:
            inside = ", only folders: photos are expected right in it" if folders else "; remove it or fill it"
            yield Fault(path, f"no photo in this person's folder{inside}", id=person)
        number = records.add_folder(person, folder, split)  # pyright: ignore[reportArgumentType]
        stems: set[str] = set()
        for name in photos:
            stem, _, suffix = name.rpartition(".")
            # 001.jpg and 001.png are two photos and need two ids.
            records.add(number, name, sample=f"{person}_{stem}_{suffix}" if stem in stems else None)
            stems.add(stem)


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
            return f"no folder {os.path.dirname(path)}"
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
