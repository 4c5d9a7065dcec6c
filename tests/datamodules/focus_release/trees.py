"""Small trees that are laid out for the released FOCUS code."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from PIL import Image

from tests.datamodules.celeba_hq.trees import face_landmarks

SIDE = 96


def write_photo(path: Path, seed: int = 0) -> Path:
    """Write a random photo."""
    path.parent.mkdir(parents=True, exist_ok=True)
    values = np.random.default_rng(seed).integers(0, 255, (3, 3, 3), dtype=np.uint8)
    Image.fromarray(values).resize((SIDE, SIDE), Image.Resampling.BICUBIC).save(path)
    return path


def write_mask(path: Path) -> Path:
    """Write a white disk, with grey around it as resampling leaves."""
    y, x = np.mgrid[:SIDE, :SIDE] - SIDE / 2 + 0.5
    values = np.clip(SIDE / 3 - np.hypot(x, y), 0, 1) * 255
    Image.fromarray(values.astype(np.uint8)).save(path)
    return path


def table_row(name: str, fraction: float = 0.0) -> str:
    """Return a row of a landmark table; whole numbers unless a ``fraction`` is added."""
    points = face_landmarks(SIDE)
    cells = [str(value + fraction) if fraction else str(value) for value in points.reshape(-1)]
    return ",".join([name, *cells])


def write_table(path: Path, *rows: str) -> Path:
    """Write the rows of a table."""
    path.write_text("".join(f"{row}\n" for row in rows))
    return path


TABLES: Mapping[str, tuple[str, ...]] = {
    "train": ("1.jpg", "/people/2.jpg", "people\\3.JPG"),
    "val": ("4.jpg",),
    "test": ("5.jpg", "6.png"),
}


def whole_tree(root: Path) -> Path:
    """Write a tree without fault; names with other separators and cases, masks for the test photos."""
    for seed, name in enumerate(("1.jpg", "people/2.jpg", "people/3.jpg", "4.jpg", "5.jpg", "6.png")):
        write_photo(root / "Dataset" / name, seed)
    for stem in ("5", "6"):
        write_mask(root / "Dataset" / f"{stem}_visible_skin_mask.png")
    for table, names in TABLES.items():
        rows = [table_row(name, 0.25 if table == "val" else 0) for name in names]
        write_table(root / f"{table}_landmarks.csv", *rows)
    return root
