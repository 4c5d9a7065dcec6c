"""All faces of CelebAMask-HQ with their split, person, mask and evaluation subset."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from datamodules.celeba_hq import layout
from datamodules.celeba_hq.celeba_tables import (
    read_identities,
    read_mapping,
    read_partition,
    split_of_number,
    wrong_split,
)
from datamodules.celeba_hq.config import CelebaHqConfig
from datamodules.celeba_hq.face_mask import PartMasks
from datamodules.celeba_hq.subset_file import SUBSETS_FILE, read_subsets
from datamodules.photos.faults import Fault
from datamodules.photos.landmark_files import read_landmark_table
from datamodules.photos.record import Listing, PhotoFile, PhotoRecord, Split

PARTITION_FILES = ("list_eval_partition.txt", "list_eval_partition.csv")
IDENTITY_FILES = ("identity_CelebA.txt",)
NOT_THERE = "the mapping names this photo, it is not there; unpack the photos again"
CELEBA_FOLDERS = (".", "Eval", "Anno", "..", "../Eval", "../Anno", "../CelebA", "../CelebA/Eval", "../CelebA/Anno")


@dataclass(frozen=True)
class _Tables:
    """What the tables say, by index of the photo in CelebA-HQ or by its number in CelebA."""

    numbers: dict[int, int]
    partition: dict[int, Split]
    identities: dict[int, str]
    subsets: dict[str, str]
    landmarks: dict[int, np.ndarray]
    faults: list[Fault] = field(default_factory=list)


def listing(config: CelebaHqConfig, *, subsets: bool = True) -> Listing:
    """List the photos in the order of their index; see :mod:`datamodules.celeba_hq.layout` for the tree.

    Split by the mapping to CelebA and CelebA's partition file, or the rule behind it where there is no such file.
    Without ``subsets`` the list of evaluation subsets is not read, which is what writes a new one.
    """
    root = layout.data_set_folder(Path(config.root))
    photo_folder = layout.find(root, layout.PHOTO_FOLDERS)
    if not config.root or photo_folder is None:
        what = (
            f"there is no folder {layout.PHOTO_FOLDERS[0]} in it; give the unpacked CelebAMask-HQ as data.root=FOLDER"
        )
        return Listing([], [Fault(config.root or "data.root", what)])
    photos = layout.index_photos(photo_folder)
    faults = list(photos.faults)
    parts: dict[int, PartMasks] = {}
    if config.masks:
        mask_folder = layout.find(root, layout.MASK_FOLDERS)
        if mask_folder is None:
            what = (
                f"there is neither {' nor '.join(layout.MASK_FOLDERS)} in it; unpack it, or go on by data.masks=false"
            )
            return Listing([], [*faults, Fault(str(root), what)])
        masks = layout.index_masks(mask_folder)
        parts = masks.parts
        faults += masks.faults
    tables = _read_tables(config, root, subsets)
    faults += tables.faults
    if not photos.photos:
        faults.append(Fault(str(photo_folder), "there is no photo in this folder, such as 0.jpg; unpack them"))
    known = {fault.id for fault in faults}
    records: list[PhotoRecord] = []
    for index in sorted(photos.photos.keys() | tables.numbers.keys()):
        sample = layout.photo_id(index)
        wrong = _wrong(index, photos.photos, parts if config.masks else None, tables)
        if wrong is None:
            records.append(record := _record(index, photos.photos[index], parts.get(index), tables))
            if record.subset and record.split != "test":
                wrong = (
                    f"the list of subsets calls it {record.subset}, it is a {record.split} photo; write the list anew"
                )
                faults.append(Fault(str(photos.photos[index]), wrong, sample))
        elif sample not in known:  # one fault a photo is enough
            where = photos.photos.get(index, photo_folder / f"{index}.jpg")
            faults.append(Fault(str(where), wrong, sample))
    return Listing(records, faults)


def ids_of_other_splits(config: CelebaHqConfig) -> frozenset[str]:
    """Return the ids of the photos that the mapping gives to training and validation."""
    tables = _read_tables(config, layout.data_set_folder(Path(config.root)), with_subsets=False)
    splits = {index: tables.partition.get(number, split_of_number(number)) for index, number in tables.numbers.items()}
    return frozenset(layout.photo_id(index) for index, split in splits.items() if split != "test")


def _wrong(index: int, photos: dict[int, Path], parts: dict[int, PartMasks] | None, tables: _Tables) -> str | None:
    if index not in photos:
        return NOT_THERE
    if index not in tables.numbers:
        return "the mapping has no row for this photo, so its split is unknown; get the mapping again"
    if tables.partition and tables.numbers[index] not in tables.partition:
        return f"the partition has no row for its CelebA photo {tables.numbers[index]:06d}.jpg; get the file again"
    if parts is not None and (index not in parts or "skin" not in parts[index].names):
        return f"there is no skin mask {layout.photo_id(index)}_skin.png of it; unpack the masks again"
    return None


def _record(index: int, photo: Path, parts: PartMasks | None, tables: _Tables) -> PhotoRecord:
    number = tables.numbers[index]
    sample = layout.photo_id(index)
    return PhotoRecord(
        id=sample,
        source=PhotoFile(photo),
        split=tables.partition[number] if tables.partition else split_of_number(number),
        identity=tables.identities.get(number),
        subset=tables.subsets.get(sample, ""),
        mask=parts,
        landmarks=tables.landmarks.get(index),
    )


def _read_tables(config: CelebaHqConfig, root: Path, with_subsets: bool) -> _Tables:
    path = Path(config.mapping) if config.mapping else layout.find(root, (layout.MAPPING,)) or root / layout.MAPPING
    mapping = read_mapping(path)
    faults = [*mapping.faults, *wrong_split(mapping.rows, path)]
    partition: dict[int, Split] = {}
    if (file := _chosen(config.partition, root, PARTITION_FILES)) is not None:
        partition, wrong = read_partition(file)
        faults += wrong
    identities: dict[int, str] = {}
    if (file := _chosen(config.identities, root, IDENTITY_FILES)) is not None:
        identities, wrong = read_identities(file)
        faults += wrong
    subsets: dict[str, str] = {}
    if with_subsets and (config.subsets or (root / SUBSETS_FILE).is_file()):
        subsets, wrong = read_subsets(Path(config.subsets) if config.subsets else root / SUBSETS_FILE)
        faults += wrong
    landmarks: dict[int, np.ndarray] = {}
    if config.landmarks:
        landmarks, wrong = _read_landmarks(Path(config.landmarks))
        faults += wrong
    return _Tables(mapping.rows, partition, identities, subsets, landmarks, faults)


def _read_landmarks(path: Path) -> tuple[dict[int, np.ndarray], list[Fault]]:
    """Read landmarks by the index that the photo's name gives, such as ``CelebA-HQ-img/12.jpg``."""
    table = read_landmark_table(path)
    landmarks: dict[int, np.ndarray] = {}
    faults = [replace(fault, id=_landmark_id(fault.id)) for fault in table.faults]
    for row in table.rows:
        sample = _landmark_id(row.name)
        if sample == row.name:
            wrong = f"'{row.name}' is no photo of CelebA-HQ, such as 12.jpg; rename or remove the row"
        elif int(sample) in landmarks:
            wrong = f"photo {int(sample)} has an earlier row; keep one of them"
        else:
            landmarks[int(sample)] = row.landmarks
            continue
        faults.append(Fault(f"{path} row {row.row}", wrong, sample))
    return landmarks, faults


def _landmark_id(name: str) -> str:
    """Return the id of the photo that a table names, or the name itself where it is none of the data set."""
    stem = Path(name).stem
    return layout.photo_id(int(stem)) if "." in name and stem.isascii() and stem.isdigit() else name


def _chosen(named: str, root: Path, names: tuple[str, ...]) -> Path | None:
    """Return the file that the settings name, or the first of these names in and beside the root."""
    if named:
        return Path(named)
    found = (layout.find(root / folder, names) for folder in CELEBA_FOLDERS)
    return next((path for path in found if path is not None), None)
