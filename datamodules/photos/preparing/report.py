"""What a preparation found, skipped and why."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

EXAMPLES = 5


@dataclass
class PreparationReport:
    """Counts of a prepared folder, the same however often the preparation was killed.

    Attributes:
        found: rows of the manifest.
        detected: of them, with landmarks from the detector.
        several: of these, from photos with other faces, too.
        guessed: of the detected, with landmarks read in the box of the data set, where the detector found no face.
        masked: of all rows, with a mask.
        splits: in each split.
        subsets: in each evaluation subset that has a name.
        skipped: rows of ``skipped.jsonl``.
        why: of them, for each kind of reason.
        examples: the first reasons of each kind.
    """

    found: int = 0
    detected: int = 0
    several: int = 0
    guessed: int = 0
    masked: int = 0
    splits: Counter[str] = field(default_factory=Counter)
    subsets: Counter[str] = field(default_factory=Counter)
    skipped: int = 0
    why: Counter[str] = field(default_factory=Counter)
    examples: dict[str, list[str]] = field(default_factory=dict)

    def count_row(self, line: bytes) -> dict[str, Any]:
        """Count a row of the manifest and return it."""
        row = json.loads(line)
        self.found += 1
        self.detected += row["detected"]
        self.several += row.get("several", False)
        self.guessed += row["detected"] and row["score"] == 0
        self.masked += row["mask"] is not None
        self.splits[row["split"]] += 1
        if row["subset"]:
            self.subsets[row["subset"]] += 1
        return row

    def count_skipped(self, line: bytes) -> None:
        """Count a row of ``skipped.jsonl``."""
        row = json.loads(line)
        self.skipped += 1
        self.why[row["why"]] += 1
        examples = self.examples.setdefault(row["why"], [])
        if len(examples) < EXAMPLES:
            examples.append(row["reason"])

    def as_numbers(self) -> dict[str, Any]:
        """Return everything but the examples, for other programs."""
        return {
            "found": self.found,
            "detected": self.detected,
            "guessed": self.guessed,
            "masked": self.masked,
            "splits": dict(sorted(self.splits.items())),
            "subsets": dict(sorted(self.subsets.items())),
            "skipped": self.skipped,
            "why": dict(sorted(self.why.items())),
        }
