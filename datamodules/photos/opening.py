"""A prepared folder opened for a data module: that it is whole, and that its crops are those that are asked for."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np

from datamodules.photos.config import PhotoConfig
from datamodules.photos.dataset import PhotoDataset
from datamodules.photos.face_files import FaceFiles
from datamodules.photos.faults import Fault, refuse_or_skip
from datamodules.photos.manifest import MANIFEST
from datamodules.photos.manifest_index import ManifestIndex, absent_files, open_index
from datamodules.photos.prepared_folder import PreparedFolder, read_prepared_folder
from seethrough.errors import SeethroughError


def open_prepared(config: PhotoConfig, say: Callable[[str], None]) -> tuple[PreparedFolder, ManifestIndex]:
    """Return what is known of a prepared folder and the index of its manifest.

    Raises:
        SeethroughError: the manifest was cut, or the crops were stored otherwise than the settings ask for.
    """
    folder = Path(config.prepared)
    facts, index = read_prepared_folder(folder), open_index(folder, say)
    if len(index.rows) != facts.count:
        raise SeethroughError(
            f"{folder / MANIFEST}: {len(index.rows)} rows, preparation.json counts {facts.count}; "
            "prepare the photos again"
        )
    for name in ("side", "field"):
        wanted, stored = getattr(config, name), getattr(facts, name)
        if wanted is not None and abs(wanted - stored) > 1e-6:
            raise SeethroughError(
                f"{folder}: crops were stored with {name}={stored:g}, data.{name}={wanted:g} asks for others: "
                f"leave data.{name} out, or prepare the photos into another folder"
            )
    return facts, index


def rows_with_files(
    config: PhotoConfig,
    facts: PreparedFolder,
    index: ManifestIndex,
    rows: np.ndarray,
    family: str,
    say: Callable[[str], None],
) -> np.ndarray:
    """Return the rows whose files are there; the others are an error, or are said and left out.

    Raises:
        FaultyDataError: files are missing, and ``data.skip_bad`` is false.
    """
    suspects = rows[index.rows["absent"][rows]]
    if not len(suspects):
        return rows
    folder = Path(config.prepared)
    reader = PhotoDataset(folder, index, suspects, FaceFiles(folder, facts.side), image_size=16, field=facts.field)
    faults, absent = [], []
    for place, number in enumerate(suspects.tolist()):
        row = reader.row(place)
        for path in absent_files(folder, row)[:1]:  # they may have come back since the index was built
            what = f"{path} is missing or empty; prepare the photos again"
            faults.append(Fault(f"{folder / MANIFEST} row {number + 1}", what, row.id))
            absent.append(number)
    refuse_or_skip(faults, family, config.skip_bad, say)
    return rows[~np.isin(rows, absent)]


def all_have_masks(
    config: PhotoConfig, index: ManifestIndex, rows: np.ndarray, what: str, family: str, say: Callable[[str], None]
) -> bool:
    """Return whether each of some rows has a mask; says it where only some have, whose masks are then left out."""
    masked = int(index.rows["mask"][rows].sum())
    if 0 < masked < len(rows):
        said = f"{family}: {masked} of {len(rows)} {what} have a mask; masks are left out"
        if hasattr(config, "masked_only"):
            said += ", until the others are: data.masked_only=true data.prepared=ANOTHER_FOLDER"
        say(said)
    return masked == len(rows)
