"""Tiny photos with supplied landmarks: a preparation of them needs no detector and takes a millisecond a photo."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from PIL import Image

from datamodules.photos.preparing import PreparationSettings
from datamodules.photos.record import Listing, PhotoFile, PhotoRecord
from seethrough.errors import SeethroughError
from seethrough.photos.alignment import TEMPLATE

SETTINGS = PreparationSettings(side=32)
SIDE = 48


def landmarks(shift: float = 0.0) -> np.ndarray:
    """Return (68, 2) landmarks whose five points are those of a face that looks ahead, in a picture of 48 px."""
    points = np.full((68, 2), SIDE / 2) + np.linspace(-8, 8, 68)[:, None] * [1, 0.2]
    five = TEMPLATE[:, :2] * [18, -18] + SIDE / 2
    for indices, point in zip(((36, 39), (42, 45), (30,), (48,), (54,)), five, strict=True):
        points[list(indices)] = point
    return points + shift


@dataclass(frozen=True)
class MadePhoto:
    """A photo made of its number."""

    number: int

    @property
    def name(self) -> str:
        return f"made/{self.number}"

    def read(self) -> np.ndarray:
        return np.random.default_rng(self.number).integers(0, 256, (SIDE, SIDE, 3), dtype=np.uint8)


@dataclass(frozen=True)
class BrokenPhoto:
    """A photo that cannot be decoded."""

    name: str = "made/broken"

    def read(self) -> np.ndarray:
        raise SeethroughError(f"{self.name}: the image cannot be decoded")


@dataclass(frozen=True)
class LeftHalf:
    """A mask: the left half is visible."""

    def read(self, height: int, width: int) -> np.ndarray:
        mask = np.zeros((height, width), dtype=np.float32)
        mask[:, : width // 2] = 1
        return mask


def made_listing(count: int, broken: tuple[int, ...] = ()) -> Listing:
    """Return a listing of made photos, some of them broken, in three splits and with people and masks."""
    records = [
        PhotoRecord(
            id=f"{number:06d}",
            source=MadePhoto(number),
            split=("train", "train", "validation", "test")[number % 4],
            identity=f"person {number // 5}",
            subset="occluded" if number % 8 == 3 else "",
            mask=LeftHalf(),
            landmarks=landmarks(number % 7 / 10),
        )
        for number in range(count)
    ]
    return Listing([replace(r, source=BrokenPhoto()) if n in broken else r for n, r in enumerate(records)])


def file_listing(folder: Path) -> Listing:
    """Return a listing of the pictures in a folder, in the order of their names."""
    return Listing([PhotoRecord(p.stem, PhotoFile(p), landmarks=landmarks()) for p in sorted(folder.glob("*.png"))])


def write_photo(path: Path, number: int) -> None:
    """Write a made photo as a file."""
    Image.fromarray(MadePhoto(number).read()).save(path)
