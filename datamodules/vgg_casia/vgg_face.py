"""VGG-Face (2015): one list of addresses and boxes a person, and photos that the user has downloaded."""

from __future__ import annotations

import math
import os
import string
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

from datamodules.photos.faults import Fault
from datamodules.photos.photo_folders import PhotoFinder
from datamodules.vgg_casia.file_records import FileRecords
from seethrough.errors import SeethroughError
from seethrough.photos.detection import Box

COLUMNS = "id url left top right bottom pose detection_score curation"
PLACES = ("identity", "id", "number", "url_name", "url_stem")


class ListedPhoto(NamedTuple):
    """One row of a person's list."""

    id: str
    url: str
    box: Box
    """Left, top, right, bottom, px of the photo as it was on the web."""
    pose: float
    """Component of the detector that found the face."""
    score: float
    """Of the detector."""
    curated: bool
    """Part of the curated data set."""


class VggFaceFilter(NamedTuple):
    """Which rows are wanted."""

    curated_only: bool = False
    minimum_score: float | None = None
    minimum_box: float = 0.0
    """Shorter side of the box, px."""

    def takes(self, photo: ListedPhoto) -> bool:
        """Tell whether a row is wanted."""
        left, top, right, bottom = photo.box
        return (
            (photo.curated or not self.curated_only)
            and (self.minimum_score is None or photo.score >= self.minimum_score)
            and min(right - left, bottom - top) >= self.minimum_box
        )


def list_vgg_face(
    root: Path, path_template: str, wanted: VggFaceFilter, *, only_downloaded: bool = False, boxes: bool = True
) -> tuple[FileRecords, list[Fault]]:
    """List the photos that the lists in ``root/files`` name, person by person in the order of the rows.

    Args:
        root: holds ``files/Aamir_Khan.txt`` and so on.
        path_template: where a photo lies, relative to ``root`` (or absolute), with :data:`PLACES` in braces; without a
            suffix, a photo with any suffix is taken.
        wanted: rows that it does not take are passed over.
        only_downloaded: pass over rows whose photo is not there, many addresses being dead.
        boxes: give records their boxes.

    Raises:
        SeethroughError: no list, or a template that cannot be filled in.
    """
    check_template(path_template)
    lists = person_lists(root)
    records, faults = FileRecords(root, boxes=boxes), []
    finder = PhotoFinder(root)
    for path in lists:
        faults += _list_person(path, path_template, wanted, records, finder, only_downloaded, boxes)
    return records, faults


def person_lists(root: Path) -> list[Path]:
    """Return the lists of all people, sorted."""
    folder = root / "files"
    if not folder.is_dir():
        raise SeethroughError(f"{folder}: no such folder; VGG-Face has one list a person in it, such as Aamir_Khan.txt")
    with os.scandir(folder) as entries:
        names = sorted(e.name for e in entries if e.name.lower().endswith(".txt") and not e.name.startswith("."))
    if not names:
        raise SeethroughError(f"{folder}: no list in this folder; it should hold Aamir_Khan.txt and so on")
    return [folder / name for name in names]


def check_template(template: str) -> None:
    """Raise :class:`SeethroughError` unless a template can be filled in and tells photos apart."""
    try:
        places = {place for _, place, _, _ in string.Formatter().parse(template) if place is not None}
        template.format(identity="A", id="1", number=1, url_name="a.jpg", url_stem="a")
    except (ValueError, IndexError, KeyError, AttributeError, TypeError) as error:
        raise SeethroughError(
            f"data.path_template={template!r} cannot be filled in ({error}); known: "
            + ", ".join("{" + place + "}" for place in PLACES)
        ) from error
    if not places & {"id", "number", "url_name", "url_stem"}:
        raise SeethroughError(
            f"data.path_template={template!r} names the same file for all photos of a person; put {{id}} into it"
        )


def read_row(line: str) -> ListedPhoto:
    """Read one row; addresses may hold blanks.

    Raises:
        ValueError: says what is wrong with it.
    """
    words = line.split()
    # Blanks in an address make more words; numbers behind it, or something before it, are columns too many.
    if len(words) < 9 or (len(words) > 9 and ("://" not in words[1] or all(map(_is_number, words[2:-7])))):
        raise ValueError(f"{len(words)} columns, expected 9 ({COLUMNS}); write them again without others")
    try:
        left, top, right, bottom, pose, score, curation = map(float, words[-7:])
    except ValueError as error:
        raise ValueError(f"{error}; expected {COLUMNS}") from error
    if not all(map(math.isfinite, (left, top, right, bottom, pose, score))):
        raise ValueError("a number is not finite")
    if right <= left or bottom <= top:
        raise ValueError(f"the box {left:g} {top:g} {right:g} {bottom:g} is empty; expected left top right bottom")
    if curation not in (0, 1):
        raise ValueError(f"the curation flag {words[-1]} is neither 0 nor 1")
    if "/" in words[0] or "\\" in words[0]:
        raise ValueError(f"the id {words[0]!r} cannot name a file")
    return ListedPhoto(words[0], " ".join(words[1:-7]), (left, top, right, bottom), pose, score, curation == 1)


def _is_number(word: str) -> bool:
    try:
        float(word)
    except ValueError:
        return False
    return True


def _list_person(
    path: Path,
    template: str,
    wanted: VggFaceFilter,
    records: FileRecords,
    finder: PhotoFinder,
    only_downloaded: bool,
    boxes: bool,
) -> Iterator[Fault]:
    identity = path.name[: -len(".txt")]
    numbers: dict[str, int] = {}
    rows: dict[str, int] = {}
    try:
        # Addresses come in any encoding and are only looked at.
        lines = path.read_text(encoding="utf-8-sig", errors="replace").splitlines()
    except OSError as error:
        yield Fault(str(path), f"the list cannot be read ({error.strerror})", id=identity)
        return
    if not any(map(str.strip, lines)):
        yield Fault(str(path), "the list is empty; unpack it again", id=identity)
    for row, line in enumerate(lines, 1):
        if not line.strip():
            continue
        where = f"{path} row {row}"
        try:
            photo = read_row(line)
        except ValueError as error:
            yield Fault(where, str(error), id=f"{identity}_row_{row}")
            continue
        sample = f"{identity}_{photo.id}"
        if photo.id in rows:
            what = f"the id {photo.id} was given in row {rows[photo.id]} already; remove one of the rows"
            yield Fault(where, what, id=f"{sample}_row_{row}")
            continue
        rows[photo.id] = row
        if not wanted.takes(photo):
            continue
        folder, name = os.path.split(os.path.normpath(_filled(template, identity, photo)))
        found = finder.find(folder, name)
        if found is None:
            if not only_downloaded:
                what = f"{finder.missing(folder, name)}; set data.path_template, or data.only_downloaded=true"
                yield Fault(where, what, id=sample)
            continue
        if folder not in numbers:
            numbers[folder] = records.add_folder(identity, folder)
        records.add(numbers[folder], found, row=row, box=photo.box if boxes else None, sample=sample)


def _filled(template: str, identity: str, photo: ListedPhoto) -> str:
    url_name = urlsplit(photo.url).path.rpartition("/")[2] if "{url" in template else ""
    return template.format(
        identity=identity,
        id=photo.id,
        number=int(photo.id) if photo.id.isdecimal() else photo.id,
        url_name=url_name,
        url_stem=url_name.rpartition(".")[0] or url_name,
    )
