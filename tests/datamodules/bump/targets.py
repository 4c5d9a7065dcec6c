"""A small folder of bump targets with made-up pictures and known bumps."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from datamodules.photos.manifest import MANIFEST, bump_path, mask_path, write_manifest
from datamodules.photos.prepared_folder import PreparedFolder
from seethrough.details.bump_encoding import bump_png
from tests.datamodules.photos.prepared import landmarks, manifest_row, pixels, save

SIDE = 96


def known_bump(number: int) -> tuple[np.ndarray, np.ndarray]:
    """Return (96, 96) bump in mm, which slopes to the right, and its mask, which has more on the left."""
    y, x = np.mgrid[:SIDE, :SIDE]
    bump = 0.04 * (x + 0.5 - SIDE / 2) + 0.1 * number
    mask = (x >= 12) & (x < 72) & (y >= 16) & (y < 88)
    return np.where(mask, bump, 0.0), mask


def targets_folder(folder: Path, rows: Sequence[dict[str, Any]], *, bits: int = 16) -> Path:
    """Write a folder as ``tools.bump_targets`` does, with these changes of its rows."""
    written = []
    for number, changes in enumerate(rows):
        name = f"face-{number:03d}"
        paths = {"mask": mask_path(name), "bump": bump_path(name)}
        row = manifest_row(name, SIDE, **{"landmarks": landmarks(SIDE, number), **paths, **changes})
        bump, mask = known_bump(number)
        save(folder / row.crop, pixels(SIDE, number), quality=95)
        save(folder / mask_path(name), np.where(mask, 255, 0))
        (folder / bump_path(name)).parent.mkdir(parents=True, exist_ok=True)
        (folder / bump_path(name)).write_bytes(bump_png(bump, mask, bits))
        written.append(row)
    write_manifest(folder / MANIFEST, written)
    PreparedFolder("bump", "album", SIDE, 1.0, "dlib", len(written), 0, {"bits": bits}).write(folder)
    return folder
