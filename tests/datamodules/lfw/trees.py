"""Small trees in the layout of LFW, without one real face."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

PEOPLE = {"Ann_Bell": 3, "Carl_Dee": 2, "Eve_F_Gray": 2, "Hugo": 1}
SAME = (("Ann_Bell", 1, 2), ("Carl_Dee", 1, 2), ("Ann_Bell", 1, 3), ("Eve_F_Gray", 1, 2))
DIFFERENT = (
    ("Ann_Bell", 1, "Hugo", 1),
    ("Carl_Dee", 2, "Ann_Bell", 3),
    ("Hugo", 1, "Eve_F_Gray", 1),
    ("Hugo", 1, "Carl_Dee", 1),
)


def pair_rows(separator: str = "\t") -> list[str]:
    """Two folds of two pairs of each kind."""
    rows = ["2\t2"]
    for fold in range(2):
        for pairs in (SAME, DIFFERENT):
            rows += [separator.join(map(str, pair)) for pair in pairs[2 * fold : 2 * fold + 2]]
    return rows


def write_pairs(path: Path, rows: list[str] | None = None) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(rows or pair_rows()) + "\n")
    return path


def write_photo(path: Path, seed: int = 0, size: int = 64) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = np.random.default_rng(seed).integers(0, 256, (size, size, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(path)


def write_lfw(root: Path, folder: str = "lfw", suffix: str = ".jpg") -> Path:
    """Eight photos of four people, and ``pairs.txt``."""
    for name, count in PEOPLE.items():
        for number in range(1, count + 1):
            write_photo(root / folder / name / f"{name}_{number:04d}{suffix}", seed=number)
    write_pairs(root / "pairs.txt")
    return root
