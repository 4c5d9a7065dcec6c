"""CelebA's tables: which photo of CelebA each of CelebA-HQ is, its official split, and who is on it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from datamodules.celeba_hq.layout import photo_id
from datamodules.photos.faults import Fault
from datamodules.photos.record import Split

LAST_TRAINING, LAST_VALIDATION = 162770, 182637
PARTITIONS: dict[str, Split] = {"0": "train", "1": "validation", "2": "test"}
OFFICIAL_COUNT = 30000
OFFICIAL_SPLIT: dict[Split, int] = {"train": 24183, "validation": 2993, "test": 2824}
Value = TypeVar("Value")


def split_of_number(number: int) -> Split:
    """Return the official split of CelebA photo ``number`` (from 1): up to 162,770 training, to 182,637 validation."""
    if number <= LAST_TRAINING:
        return "train"
    return "validation" if number <= LAST_VALIDATION else "test"


@dataclass(frozen=True)
class Table:
    """The rows of a table that make sense, and the faults of the others."""

    rows: dict[int, int]
    faults: list[Fault]


def read_mapping(path: Path) -> Table:
    """Read ``idx orig_idx orig_file`` rows, with or without a header: index in CelebA-HQ -> number in CelebA (from 1).

    The first column is the index of the photo here, the second counts CelebA's from 0, and ``orig_file`` from 1.
    """
    table = Table({}, [])
    seen: dict[int, int] = {}
    for row, cells in _rows(path, table.faults):
        index = _whole(cells[0])
        number = _photo_number(cells[2]) if len(cells) == 3 else None
        zero_based = _whole(cells[1]) if len(cells) == 3 else None
        sample = photo_id(index) if index is not None else f"{path.name} row {row}"
        if index is None or number is None or zero_based is None:
            wrong = f"'{' '.join(cells)[:60]}' is not 'index number file', such as '0 119612 119613.jpg'"
        elif zero_based != number - 1:
            wrong = f"number {zero_based} and file {cells[2]} do not belong together: files count from 1"
        elif index in table.rows:
            wrong = f"photo {index} has an earlier row; keep one of them"
        elif number in seen:
            wrong = f"{cells[2]} is also that of photo {seen[number]}; keep one of them"
        else:
            table.rows[index] = number
            seen[number] = index
            continue
        table.faults.append(Fault(f"{path} row {row}", wrong, sample))
    return table


def wrong_split(mapping: dict[int, int], path: Path) -> list[Fault]:
    """Say so where a whole mapping does not split as the official one: it belongs to other photos."""
    if len(mapping) != OFFICIAL_COUNT:
        return []
    splits = [split_of_number(number) for number in mapping.values()]
    counts = {split: splits.count(split) for split in OFFICIAL_SPLIT}
    if counts == OFFICIAL_SPLIT:
        return []
    ours, official = ("/".join(str(count) for count in each.values()) for each in (counts, OFFICIAL_SPLIT))
    return [Fault(str(path), f"splits into {ours} photos, the official mapping into {official}; get the file again")]


def read_partition(path: Path) -> tuple[dict[int, Split], list[Fault]]:
    """Read ``list_eval_partition.txt`` (``000001.jpg 0``; also as CSV with a header): number in CelebA -> split."""
    faults: list[Fault] = []
    expected = "'photo partition', such as '000001.jpg 0' with 0, 1 or 2"
    return dict(_pairs(path, faults, PARTITIONS.get, expected)), faults


def read_identities(path: Path) -> tuple[dict[int, str], list[Fault]]:
    """Read ``identity_CelebA.txt`` (``000001.jpg 2880``): number in CelebA -> the person's number."""
    faults: list[Fault] = []
    expected = "'photo person', such as '000001.jpg 2880'"
    return dict(_pairs(path, faults, lambda cell: cell if _whole(cell) is not None else None, expected)), faults


def _pairs(
    path: Path, faults: list[Fault], meaning: Callable[[str], Value | None], expected: str
) -> Iterator[tuple[int, Value]]:
    seen: set[int] = set()
    for row, cells in _rows(path, faults):
        number = _photo_number(cells[0])
        value = meaning(cells[1]) if len(cells) == 2 else None
        if number is None or value is None:
            wrong = f"'{' '.join(cells)[:60]}' is not {expected}"
        elif number in seen:
            wrong = f"{cells[0]} has an earlier row; keep one of them"
        else:
            seen.add(number)
            yield number, value
            continue
        faults.append(Fault(f"{path} row {row}", wrong, f"{path.name} row {row}"))


def _rows(path: Path, faults: list[Fault]) -> Iterator[tuple[int, list[str]]]:
    """Yield the rows as (number from 1, cells between blanks or commas), without empty ones and a header."""
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "no text"
        faults.append(Fault(str(path), f"the table cannot be read ({reason}); get the file again"))
        return
    first = True
    empty = True
    for row, line in enumerate(lines, start=1):
        cells = line.replace(",", " ").split()
        if not cells:
            continue
        header = first and _whole(cells[0]) is None and _photo_number(cells[0]) is None
        first = False
        if not header:
            empty = False
            yield row, cells
    if empty:
        faults.append(Fault(str(path), "the table has no rows; get the file again"))


def _whole(cell: str) -> int | None:
    return int(cell) if cell.isascii() and cell.isdigit() else None


def _photo_number(cell: str) -> int | None:
    stem, _, suffix = cell.rpartition(".")
    return _whole(stem) if suffix.lower() in ("jpg", "jpeg", "png") else None
