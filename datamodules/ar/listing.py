"""What a copy of AR holds: its photos in all their spellings, and the masks that users add."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from datamodules.ar.config import ArConfig
from datamodules.ar.names import SHOTS, SUFFIXES, parse_name
from datamodules.ar.raw_photo import RAW_BYTES, RawPhoto, wrong_size
from datamodules.photos.faults import Fault
from datamodules.photos.mask_file import MASK_SUFFIX, MaskFile
from datamodules.photos.record import Listing, PhotoFile, PhotoRecord, PhotoSource
from seethrough.errors import SeethroughError

MASKS = "masks"
RELEASE_MASK = MASK_SUFFIX.removesuffix(".png")
NO_NAME = "no name of a photo of AR, such as m-001-01; take the file out of the folder"


def listing(config: ArConfig) -> Listing:
    """List the photos of AR, by person and shot; all of them are for testing.

    Raises:
        SeethroughError: no root, an unknown suffix, or no photo of AR below the root.
    """
    root = Path(config.root)
    wanted = f".{config.format.lower().lstrip('.')}" if config.format else ""
    if not config.root or not root.is_dir():
        raise SeethroughError(f"data.root={config.root!r} is no folder; name the one with the photos of AR")
    if wanted and wanted not in SUFFIXES:
        known = " ".join(suffix.lstrip(".") for suffix in SUFFIXES)
        raise SeethroughError(f"data.format={config.format!r} is no format of AR; choose from {known}")
    folder = Path(config.masks) if config.masks else root / MASKS
    if config.masks and not folder.is_dir():
        raise SeethroughError(f"data.masks={config.masks!r} is no folder; name the one with the masks")
    if folder.resolve() == root.resolve():
        raise SeethroughError(f"data.masks={config.masks!r} is data.root: put the masks into a folder of their own")
    photos, beside, faults = _photos(root, folder, wanted)
    masks, mask_faults = _masks(folder, beside, photos, {fault.id for fault in faults})
    if not photos and all(fault.what == NO_NAME for fault in faults):
        kind = f"{wanted} photo" if wanted else "photo"
        others = f" (of {len(faults)} photos none has a name of AR, the first is {faults[0].where})" if faults else ""
        raise SeethroughError(
            f"{root}: no {kind} of AR in this folder{others}; names look like m-001-01.raw or W-001-01.bmp: give the "
            "folder that holds them as data.root=FOLDER"
        )
    records = []
    for key in sorted(photos):
        name = parse_name(key)
        assert name is not None
        if (config.masked_only and key not in masks) or (name.subset == "other" and not config.other):
            continue
        path = photos[key]
        source: PhotoSource = RawPhoto(path, config.raw_order) if path.suffix.lower() == ".raw" else PhotoFile(path)
        records.append(
            PhotoRecord(key, source, "test", identity=name.identity, subset=name.subset, mask=masks.get(key))
        )
    if not records and not faults and not mask_faults:
        left = "photos with a mask" if config.masked_only else "photos"
        raise SeethroughError(f"{root}: no {left} are left of {len(photos)}; check data.masked_only and data.other")
    return Listing(records, [*faults, *mask_faults])


def _photos(root: Path, masks: Path, wanted: str) -> tuple[dict[str, Path], list[Path], list[Fault]]:
    """Return the photos by id, the masks that lie among them, and what is wrong."""
    photos: dict[str, Path] = {}
    beside: list[Path] = []
    faults: list[Fault] = []
    for path in _files(root, masks):
        suffix = path.suffix.lower()
        if path.stem.lower().endswith(RELEASE_MASK):
            beside.append(path)
            continue
        if suffix not in SUFFIXES or (wanted and suffix != wanted):
            continue
        name = parse_name(path.stem)
        key = name.id if name else path.stem
        wrong = ""
        if name is None:
            wrong, key = NO_NAME, f"file {key}"
        elif not 1 <= name.shot <= SHOTS or name.person < 1:
            wrong = f"AR has the shots 1 to {SHOTS} of persons from 1; correct the name"
        elif not path.is_file():
            wrong = f"{'a folder' if path.is_dir() else 'a link that leads nowhere'}; remove or replace it"
        elif not os.access(path, os.R_OK):
            wrong = "may not be read; change its permissions"
        elif suffix == ".raw" and path.stat().st_size != RAW_BYTES:
            wrong = wrong_size(path.stat().st_size)
        elif key in photos:
            # The first one stays: a fault with its own id takes nothing away from it.
            wrong = f"the same photo as {photos[key]}; remove one of them, or choose one by data.format"
            key = f"{key} ({path})"
        if wrong:
            faults.append(Fault(str(path), wrong, key))
        else:
            photos[key] = path
    return photos, beside, faults


def _masks(
    folder: Path, beside: list[Path], photos: dict[str, Path], damaged: set[str]
) -> tuple[dict[str, MaskFile], list[Fault]]:
    """Return the masks by the id of their photo, and what is wrong with the files."""
    masks: dict[str, MaskFile] = {}
    faults: list[Fault] = []
    inside = [path for path in _files(folder, None) if path.suffix.lower() in SUFFIXES] if folder.is_dir() else []
    for path in [*inside, *beside]:
        released = path.stem.lower().endswith(RELEASE_MASK)
        stem = path.stem[: -len(RELEASE_MASK)] if released else path.stem
        name = parse_name(stem)
        key = name.id if name else stem
        if key in damaged and key not in photos:
            continue  # what is wrong with its photo has been said
        if name is None or key not in photos:
            faults.append(
                Fault(str(path), "a mask of no photo; name it as its photo is, or take it out", f"mask {path}")
            )
        elif not path.is_file():
            kind = "a folder" if path.is_dir() else "a link that leads nowhere"
            faults.append(Fault(str(path), f"{kind}; remove or replace it", key))
        elif key in masks:
            faults.append(Fault(str(path), f"a second mask beside {masks[key].path}; remove one of them", key))
        else:
            masks[key] = MaskFile(path, "white" if released else "not black")
    return masks, faults


def _files(root: Path, left_out: Path | None) -> Iterator[Path]:
    """Yield all that lies below a folder, sorted; links are followed, but no folder is entered twice.

    Folders that are called like a photo are yielded, not entered; nor is ``left_out``, however its path is written.
    """
    entered = set() if left_out is None else {os.path.realpath(left_out)}
    pending = [root]
    while pending:
        folder = pending.pop()
        if (real := os.path.realpath(folder)) in entered:
            continue
        entered.add(real)
        try:
            entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
        except OSError as error:
            raise SeethroughError(f"{folder}: the folder cannot be read ({error.strerror}); check it") from None
        below = []
        for entry in entries:
            path = Path(entry.path)
            if entry.name.startswith("."):
                continue
            if entry.is_dir() and path.suffix.lower() not in SUFFIXES:
                below.append(path)
            else:
                yield path
        pending.extend(reversed(below))
