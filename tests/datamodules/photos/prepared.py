"""A small prepared folder of coloured noise: no face is needed where landmarks are given."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from datamodules.photos.crop_size import DEFAULT_FIELD
from datamodules.photos.manifest import MANIFEST, ManifestRow, crop_path, mask_path, write_manifest
from datamodules.photos.prepared_folder import PreparedFolder


def landmarks(side: int, number: int = 0) -> np.ndarray:
    """Return (68, 2) points about the middle of a crop: a ring, unlike in each face."""
    angle = np.linspace(0, 2 * np.pi, 68, endpoint=False) + 0.01 * number
    return side / 2 + side / 5 * np.stack([np.cos(angle), np.sin(angle)], axis=1)


def manifest_row(name: str = "face", side: int = 64, **changes: Any) -> ManifestRow:
    values: dict[str, Any] = {
        "id": name, "source": f"raw/{name}.jpg", "split": "train", "identity": None, "subset": "",
        "crop": crop_path(name), "mask": None, "landmarks": landmarks(side), "scale": 0.5, "centre": (50.0, 60.0),
        "photo_size": (100, 120), "detected": True, "score": 1.25,
    }  # fmt: skip
    return ManifestRow(**{**values, **changes})


def pixels(side: int, number: int) -> np.ndarray:
    """Return (side, side, 3) uint8 that survives a JPEG: a few smooth colours."""
    small = np.random.default_rng(number).integers(0, 255, (4, 4, 3)).astype(np.uint8)
    return np.asarray(Image.fromarray(small).resize((side, side), Image.Resampling.BICUBIC))


def prepared_folder(
    folder: Path,
    rows: Sequence[dict[str, Any]],
    *,
    side: int = 64,
    masks: bool = False,
    data_set: str = "photos",
    root: str = "raw",
) -> list[ManifestRow]:
    """Write a prepared folder whose rows are these changes of :func:`manifest_row`."""
    written = []
    for number, changes in enumerate(rows):
        name = changes.get("id", f"face-{number:03d}")
        with_mask = {"mask": mask_path(name)} if masks else {}
        row = manifest_row(name, side, **{"landmarks": landmarks(side, number), **with_mask, **changes})
        save(folder / row.crop, pixels(side, number), quality=95)
        if row.mask is not None:
            save(folder / row.mask, np.where(np.arange(side)[:, None] < side // 2, 255, 0) * np.ones((1, side)))
        written.append(row)
    folder.mkdir(parents=True, exist_ok=True)
    write_manifest(folder / MANIFEST, written)
    PreparedFolder(data_set, root, side, DEFAULT_FIELD, "dlib", len(written), 0).write(folder)
    return written


def save(path: Path, values: np.ndarray, **options: Any) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(values.astype(np.uint8)).save(path, **options)
