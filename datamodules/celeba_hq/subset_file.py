"""The list of the occluded and unoccluded test photos, as a file."""

from __future__ import annotations

import csv
from pathlib import Path

from datamodules.photos.faults import Fault

SUBSETS_FILE = "celeba_hq_subsets.csv"
COLUMNS = ("id", "subset", "hull_pixels", "occluded_pixels")
SUBSETS = ("occluded", "unoccluded")


def read_subsets(path: Path) -> tuple[dict[str, str], list[Fault]]:
    """Read a list with the columns ``id`` and ``subset`` (others are ignored): id -> subset, where there is one.

    An id is the number of a photo, with or without leading zeros.
    """
    subsets: dict[str, str] = {}
    faults: list[Fault] = []
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            table = csv.DictReader(line for line in file if not line.startswith("#"))
            if not {"id", "subset"} <= set(table.fieldnames or ()):
                return {}, [Fault(str(path), "the columns id and subset are missing; write it by tools.celeba_subsets")]
            for number, row in enumerate(table, start=1):
                identifier, subset = (row["id"] or "").strip(), (row["subset"] or "").strip()
                if not (identifier.isascii() and identifier.isdigit()):
                    wrong = f"'{identifier}' is no number of a photo"
                elif subset and subset not in SUBSETS:
                    wrong = f"unknown subset '{subset}'; choose from {', '.join(SUBSETS)}, or none"
                elif f"{int(identifier):05d}" in subsets:
                    wrong = f"photo {identifier} has an earlier row; keep one of them"
                else:
                    subsets[f"{int(identifier):05d}"] = subset
                    continue
                faults.append(Fault(f"{path} sample {number}", wrong))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        reason = error.strerror if isinstance(error, OSError) else "no text"
        return {}, [Fault(str(path), f"the list cannot be read ({reason}); write it by python -m tools.celeba_subsets")]
    return subsets, faults
