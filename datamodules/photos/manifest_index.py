"""A few bytes a row that find any row of a manifest, kept beside it so that only the first start reads it whole."""

from __future__ import annotations

import hashlib
import json
import os
from array import array
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from datamodules.photos.atomic_files import write_array, writing_text
from datamodules.photos.faults import SHOWN, Fault, FaultyDataError
from datamodules.photos.manifest import MANIFEST, SPLITS, ManifestRow, manifest_lines, parse_row
from datamodules.photos.shard_place import ShardPlace
from seethrough.errors import SeethroughError

COLUMNS, FACTS = "manifest.index.npy", "manifest.index.json"
INDEX_FORMAT = 1
ROW = np.dtype(
    [
        ("offset", "<i8"),  # of the row's text in the manifest, bytes
        ("identity", "<i4"),  # number of the person in order of appearance; -1 where not known
        ("lot", "<u4"),  # drawn from the person's name (the id, where not known), the same in every data set
        ("subset", "<u2"),  # number of the subset's name
        ("split", "u1"),
        ("mask", "?"),
        ("absent", "?"),  # the crop or the mask was not there when the index was built
    ]
)
assert ROW.itemsize == 21


@dataclass(frozen=True, eq=False)
class ManifestIndex:
    """What can be said of a manifest without parsing its rows.

    Attributes:
        rows: (N,) array of :data:`ROW`.
        subsets: names of the subsets; the first is the empty one.
        checksum: SHA-256 of ``manifest.jsonl``.
        path: file that ``rows`` is mapped from; None where it could not be kept.
    """

    rows: np.ndarray
    subsets: list[str]
    checksum: str
    path: Path | None

    def __reduce__(self) -> tuple[Any, ...]:
        """A loader process maps the file itself; the rows travel only where there is none."""
        if self.path is None:
            return super().__reduce__()  # pyright: ignore
        return _reopened, (self.path, self.subsets, self.checksum)


def open_index(folder: str | Path, say: Callable[[str], None] = print) -> ManifestIndex:
    """Map the index of a prepared folder, after building it where it is absent or of another manifest.

    Raises:
        SeethroughError: a row is wrong, or two have the same id; one line a fault, with file, row and key.
    """
    folder = Path(folder)
    manifest = folder / MANIFEST
    try:
        status = manifest.stat()
    except OSError as error:
        raise SeethroughError(f"{manifest}: cannot be read ({error.strerror}); prepare the photos first") from None
    kept = _kept(folder, status)
    if kept is not None:
        return kept
    built = build_index(folder)
    if not len(built.rows):
        raise SeethroughError(f"{manifest}: holds no face; prepare photos into {folder} again")
    facts = {
        "format": INDEX_FORMAT,
        "checksum": built.checksum,
        "size": status.st_size,
        "modified_ns": status.st_mtime_ns,
        "count": len(built.rows),
        "subsets": built.subsets,
    }
    try:
        _keep(folder, built.rows, facts)
    except OSError as error:
        say(f"{folder / COLUMNS} cannot be written ({error.strerror}): the manifest is read anew at every start")
        return built
    return ManifestIndex(_mapped(folder / COLUMNS), built.subsets, built.checksum, folder / COLUMNS)


def build_index(folder: str | Path) -> ManifestIndex:
    """Read a manifest from its first to its last row and check each of them.

    Memory is some 70 bytes a row, and the names of people and subsets.
    """
    folder = Path(folder)
    manifest = folder / MANIFEST
    columns = {name: array(code) for name, code in
               (("offset", "q"), ("identity", "i"), ("lot", "I"), ("subset", "H"), ("split", "B"), ("mask", "B"),
                ("absent", "B"))}  # fmt: skip
    names = array("Q")
    people: dict[str, int] = {}
    subsets: dict[str, int] = {"": 0}
    faults: list[Fault] = []
    whole = hashlib.sha256()
    with manifest.open("rb") as file:
        for number, (offset, line) in enumerate(manifest_lines(file), 1):
            whole.update(line)
            row = parse_row(line, f"{manifest} row {number}")
            if isinstance(row, Fault):
                faults.append(row)
                if len(faults) > SHOWN:
                    break
                continue
            person = -1 if row.identity is None else people.setdefault(row.identity, len(people))
            columns["offset"].append(offset)
            columns["identity"].append(person)
            columns["lot"].append(_hash(row.id if row.identity is None else row.identity, 4))
            columns["subset"].append(subsets.setdefault(row.subset, len(subsets)))
            columns["split"].append(SPLITS.index(row.split))
            columns["mask"].append(row.mask is not None)
            columns["absent"].append(bool(absent_files(folder, row)))
            names.append(_hash(row.id, 8))
    faults += _repeated(manifest, np.frombuffer(names, np.uint64) if names else np.zeros(0, np.uint64))
    if faults:
        more = ["... and more"] if len(faults) > SHOWN else []
        last = f"{manifest} is damaged; prepare the photos again"
        raise FaultyDataError("\n".join([*map(str, faults[:SHOWN]), *more, last]))
    rows = np.zeros(len(names), ROW)
    for name, values in columns.items():
        rows[name] = np.frombuffer(values, values.typecode) if values else 0
    return ManifestIndex(rows, list(subsets), whole.hexdigest(), None)


def absent_files(folder: Path, row: ManifestRow) -> list[Path]:
    """Return the files of a row that are not there, or empty."""
    places = {name: ShardPlace.parse(name) for name in (row.crop, row.mask, row.bump) if name is not None}
    files = [folder / (name if place is None else place.shard) for name, place in places.items()]
    return [path for path in files if not (path.is_file() and path.stat().st_size)]


def _repeated(manifest: Path, names: np.ndarray) -> list[Fault]:
    """Return a fault for each row whose id stands in an earlier one."""
    order = np.argsort(names, kind="stable")
    suspects = set(order[1:][names[order[1:]] == names[order[:-1]]].tolist()) if len(names) > 1 else set()
    if not suspects:
        return []
    wanted = {int(names[place]) for place in suspects}
    first: dict[str, int] = {}
    faults = []
    with manifest.open("rb") as file:
        for number, (_, line) in enumerate(manifest_lines(file), 1):
            row = parse_row(line, "")
            if isinstance(row, Fault) or _hash(row.id, 8) not in wanted:
                continue
            if row.id in first:
                what = f"key 'id' is {row.id!r} again, as in row {first[row.id]}; prepare the photos again"
                faults.append(Fault(f"{manifest} row {number}", what, row.id))
            first.setdefault(row.id, number)
    return faults


def _hash(text: str, size: int) -> int:
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:size], "little")


def _kept(folder: Path, status: os.stat_result) -> ManifestIndex | None:
    """Return the index that lies beside a manifest, if it is of this very manifest."""
    try:
        facts = json.loads((folder / FACTS).read_text(encoding="utf-8"))
        if facts["format"] != INDEX_FORMAT or facts["size"] != status.st_size:
            return None
        if facts["modified_ns"] != status.st_mtime_ns and facts["checksum"] != _checksum(folder / MANIFEST):
            return None
        rows = _mapped(folder / COLUMNS)
        if rows.dtype != ROW or rows.shape != (facts["count"],):
            return None
        return ManifestIndex(rows, [str(name) for name in facts["subsets"]], str(facts["checksum"]), folder / COLUMNS)
    except (OSError, ValueError, KeyError, TypeError):
        return None  # whatever it is, it can be built anew


def _checksum(path: Path) -> str:
    whole = hashlib.sha256()
    with path.open("rb") as file:
        for _, line in manifest_lines(file):
            whole.update(line)
    return whole.hexdigest()


def _keep(folder: Path, rows: np.ndarray, facts: dict[str, Any]) -> None:
    """Write columns, then facts: facts without columns of theirs are never there."""
    (folder / FACTS).unlink(missing_ok=True)
    write_array(folder / COLUMNS, rows)
    with writing_text(folder / FACTS) as file:
        file.write(json.dumps(facts, ensure_ascii=False) + "\n")


def _reopened(path: Path, subsets: list[str], checksum: str) -> ManifestIndex:
    return ManifestIndex(_mapped(path), subsets, checksum, path)


def _mapped(path: Path) -> np.ndarray:
    return np.load(path, mmap_mode="r", allow_pickle=False)
