"""The pairs of LFW's verification protocol: which two photos, in which fold, and whether they show one person."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from datamodules.photos.faults import Fault
from seethrough.errors import SeethroughError


@dataclass(frozen=True)
class Pair:
    """Two photos to compare.

    Attributes:
        fold: 0, 1, ...
        first: id of a photo, such as ``Aaron_Eckhart_0001``: also the stem of its file and the id of its sample.
        second: id of the other.
        same: whether both show the same person.
        row: line of the file, counted from 1.
    """

    fold: int
    first: str
    second: str
    same: bool
    row: int


@dataclass(frozen=True)
class Pairs:
    """All pairs of one list, in its order.

    Attributes:
        pairs: those that could be read.
        folds: how many folds the list has: 10 for ``pairs.txt``, 1 for ``pairsDevTrain.txt`` and its like.
        faults: rows that are wrong; all of them concern the whole list, because a fold that lacks pairs is no fold.
    """

    pairs: tuple[Pair, ...]
    folds: int
    faults: tuple[Fault, ...] = ()

    @cached_property
    def images(self) -> dict[str, str]:
        """Ids of all photos, each once, in the order in which they first occur, with the name of the person."""
        found: dict[str, str] = {}
        for pair in self.pairs:
            for image in (pair.first, pair.second):
                found.setdefault(image, image.rpartition("_")[0])
        return found

    @cached_property
    def first_rows(self) -> dict[str, int]:
        """The row in which each photo first occurs."""
        rows: dict[str, int] = {}
        for pair in self.pairs:
            rows.setdefault(pair.first, pair.row)
            rows.setdefault(pair.second, pair.row)
        return rows


def image_id(name: str, number: int) -> str:
    """Return the id of a person's photo; LFW writes four digits in file names and none of the zeros in lists."""
    return f"{name}_{number:04d}"


def read_pairs(path: str | Path) -> Pairs:
    """Read ``pairs.txt``.

    The first row says how many folds there are and how many pairs of each kind a fold has (``10<TAB>300``; a single
    number means one fold). Each fold lists its pairs of the same person (``name i j``), then those of two people
    (``name i name j``). Tabs or spaces separate.

    Raises:
        SeethroughError: no such file, or a first row without these numbers.
    """
    path = Path(path)
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except FileNotFoundError:
        raise SeethroughError(f"{path}: no such list; get pairs.txt from the web page of LFW") from None
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is no text"
        raise SeethroughError(f"{path}: the list cannot be read ({reason}); get pairs.txt again") from None
    header = lines[0].split() if lines else []
    if len(header) not in (1, 2) or not all(word.isdecimal() and int(word) > 0 for word in header):
        raise SeethroughError(
            f"{path} row 1: expected the number of folds and of pairs, such as '10 300', "
            f"found {' '.join(header)[:60]!r}; get pairs.txt again"
        )
    folds, each = (1, int(header[0])) if len(header) == 1 else (int(header[0]), int(header[1]))
    rows = [(number, line.split()) for number, line in enumerate(lines[1:], start=2) if line.strip()]
    pairs: list[Pair] = []
    faults: list[Fault] = []
    if len(rows) != 2 * folds * each:
        what = f"{len(rows)} pairs, row 1 promises {2 * folds * each} ({folds} folds of 2 x {each}); get the list again"
        faults.append(Fault(str(path), what))
    seen: dict[tuple[str, str], int] = {}
    for place, (number, words) in enumerate(rows):
        fold, within = divmod(place, 2 * each)
        result = _pair(words, min(fold, folds - 1), within < each, number)
        if isinstance(result, Pair):
            key = (min(result.first, result.second), max(result.first, result.second))
            if key in seen:
                result = f"the same pair as in row {seen[key]}"
            else:
                seen[key] = number
        if isinstance(result, Pair):
            pairs.append(result)
        else:
            faults.append(Fault(f"{path} row {number}", f"{result}; get the list again"))
    return Pairs(tuple(pairs), folds, tuple(faults))


def _pair(words: list[str], fold: int, same: bool, row: int) -> Pair | str:
    """Return the pair of one row, or what is wrong with it."""
    shown = repr(" ".join(words)[:80])
    kind = "a pair of the same person, 'name i j'" if same else "a pair of two people, 'name i name j'"
    if len(words) != (3 if same else 4):
        return f"expected {kind}, found {shown}"
    numbers = [words[1], words[2 if same else 3]]
    if not all(number.isdecimal() and int(number) > 0 for number in numbers):
        return f"the numbers of the photos in {shown} must be 1 or more"
    names = [words[0], words[0 if same else 2]]
    if any("/" in name or "\\" in name or name.startswith(".") for name in names):
        return f"{shown} names no person"
    if not same and names[0] == names[1]:
        return f"{shown} should be of two people"
    first, second = (image_id(name, int(number)) for name, number in zip(names, numbers, strict=True))
    if first == second:
        return f"{shown} compares a photo with itself"
    return Pair(fold, first, second, same, row)
