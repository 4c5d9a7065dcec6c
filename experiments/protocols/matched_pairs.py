"""Pairs of photos of one person in the same pose, without and with an occluder (FOCUS Sec. 4.2, Table 3)."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from datamodules.photos.faults import Fault, refuse_or_skip
from seethrough.errors import SeethroughError

ROW = "SUBJECT/CHALLENGE/PLAIN.jpg,SUBJECT/CHALLENGE/OCCLUDED.jpg"


@dataclass(frozen=True)
class MatchedPair:
    """Two photos, each ``SUBJECT/CHALLENGE/NAME.jpg``: ``plain`` without, ``occluded`` with an occluder."""

    plain: str
    occluded: str

    @property
    def subject(self) -> str:
        """The person."""
        return self.plain.split("/")[0]


def read_matched_pairs(path: Path, photos: Collection[str]) -> list[MatchedPair]:
    """Read a list of pairs, a row each: the photo without, then the one with an occluder.

    Commas, semicolons or white space separate; ``#`` begins a remark; a first row that names no photo is a heading.

    Args:
        path: the list.
        photos: the paths that there are.

    Raises:
        SeethroughError: no list, no pairs in it, or one line a row that is wrong.
    """
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is no text"
        raise SeethroughError(f"{path}: the list of pairs cannot be read ({reason}): name it by --pairs") from None
    pairs: list[MatchedPair] = []
    faults: list[Fault] = []
    rows: dict[MatchedPair, int] = {}
    first = True
    for row, line in enumerate(lines, start=1):
        words = line.partition("#")[0].replace(",", " ").replace(";", " ").replace("\\", "/").split()
        if not words:
            continue
        heading, first = first and not any("/" in word for word in words), False
        if heading:
            continue
        pair = MatchedPair(words[0], words[-1])
        wrong = _wrong(words, photos) or (f"the same pair as in row {rows[pair]}" if pair in rows else "")
        if wrong:
            faults.append(Fault(f"{path} row {row}", f"{wrong}; mend the list"))
        else:
            rows[pair] = row
            pairs.append(pair)
    refuse_or_skip(faults, str(path), skip_bad=False)
    if not pairs:
        raise SeethroughError(f"{path} names no pairs: {ROW} in each row")
    return pairs


def _wrong(words: list[str], photos: Collection[str]) -> str:
    if len(words) != 2:
        return f"expected two photos, found {' '.join(words)[:60]!r}"
    for word in words:
        if word not in photos:
            return f"{word[:80]!r} is no photo of the data set's list"
    if words[0] == words[1]:
        return f"{words[0]} is paired with itself"
    if words[0].split("/")[0] != words[1].split("/")[0]:
        return f"{words[0]} and {words[1]} show two people"
    return ""
