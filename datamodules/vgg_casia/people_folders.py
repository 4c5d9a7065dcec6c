"""The photos of people whose folders bear their names."""

from __future__ import annotations

import os
from collections.abc import Iterator

from datamodules.photos.faults import Fault
from datamodules.photos.photo_folders import folder_content
from datamodules.vgg_casia.file_records import FileRecords


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
