"""Which stages of a detailed face are done: all, up to some, or from some on with what an earlier run left."""

from __future__ import annotations

from dataclasses import dataclass

from seethrough.errors import SeethroughError

DETAIL_STAGES = ("face", "foundation", "bump", "fill", "symmetry", "stitch", "texture", "pictures")
"""In order. ``face`` is all that FOCUS does, from reading the photo to its meshes."""

KEPT = ("face", "bump", "fill")
"""Stages whose result is kept for later runs. The others are quick, and are done again where a later one needs them."""


@dataclass(frozen=True)
class StageRange:
    """From ``first`` to ``last``, both included."""

    first: str = DETAIL_STAGES[0]
    last: str = DETAIL_STAGES[-1]

    @classmethod
    def parsed(cls, text: str | None) -> StageRange:
        """Read ``FIRST..LAST``, ``FIRST..``, ``..LAST`` or the name of one stage; nothing means all.

        Raises:
            SeethroughError: another form, an unknown stage, or a range that runs backwards.
        """
        if text is None:
            return cls()
        first, dots, last = text.partition("..")
        first, last = first.strip() or DETAIL_STAGES[0], last.strip() or (DETAIL_STAGES[-1] if dots else first.strip())
        for name in (first, last):
            if name not in DETAIL_STAGES:
                raise SeethroughError(
                    f"--stages {text}: no stage {name!r}; name one, FIRST..LAST, FIRST.. or ..LAST of "
                    f"{', '.join(DETAIL_STAGES)}"
                )
        if DETAIL_STAGES.index(first) > DETAIL_STAGES.index(last):
            raise SeethroughError(f"--stages {text}: {last} comes before {first}")
        return cls(first, last)

    def reaches(self, name: str) -> bool:
        """Whether the range does not stop before a stage."""
        return DETAIL_STAGES.index(name) <= DETAIL_STAGES.index(self.last)

    def reuses(self, name: str) -> bool:
        """Whether a stage lies before the range, so that an earlier run must have left its result."""
        return name in KEPT and DETAIL_STAGES.index(name) < DETAIL_STAGES.index(self.first)

    def writes(self, name: str) -> bool:
        """Whether a stage is in the range, so that its files are written."""
        return DETAIL_STAGES.index(self.first) <= DETAIL_STAGES.index(name) <= DETAIL_STAGES.index(self.last)
