"""The names of AR's photos: whom they show, and what the person wears."""

from __future__ import annotations

import re
from dataclasses import dataclass

SUBSETS = ("neutral", "glasses", "scarf", "other")
SHOTS = 26
_PER_SESSION = 13
_SUBSET_OF = {1: "neutral", 8: "glasses", 9: "glasses", 10: "glasses", 11: "scarf", 12: "scarf", 13: "scarf"}
_STEM = re.compile(r"([mwf])-(\d{1,3})-(\d{1,2})", re.IGNORECASE)
SUFFIXES = (".raw", ".bmp", ".ppm", ".png", ".jpg", ".jpeg", ".tif", ".tiff")


@dataclass(frozen=True, order=True)
class ShotName:
    """What a name such as ``m-001-08`` says.

    Attributes:
        sex: ``m``, or ``w``, which some copies write as ``f``.
        person: number of the person, counted for men and women apart.
        shot: 1 to 26; the second session repeats the thirteen pictures of the first.
    """

    sex: str
    person: int
    shot: int

    @property
    def identity(self) -> str:
        """The person, ``m-001``."""
        return f"{self.sex}-{self.person:03d}"

    @property
    def id(self) -> str:
        """One spelling for all copies, ``m-001-08``."""
        return f"{self.identity}-{self.shot:02d}"

    @property
    def subset(self) -> str:
        """One of :data:`SUBSETS`: ``neutral`` is 1 of a session, ``glasses`` 8 to 10, ``scarf`` 11 to 13."""
        return _SUBSET_OF.get((self.shot - 1) % _PER_SESSION + 1, "other")


def parse_name(stem: str) -> ShotName | None:
    """Read the stem of a file name in any of its spellings; None where it is no photo of AR.

    ``m-001-1``, ``M-001-01``, ``W-001-01`` and ``f-001-01`` all occur. A shot beyond 26 is returned as it is, for the
    caller to tell.
    """
    found = _STEM.fullmatch(stem)
    if found is None:
        return None
    sex, person, shot = found.groups()
    return ShotName("m" if sex.lower() == "m" else "w", int(person), int(shot))
