"""Small trees in the layouts of AR's copies, without one real face."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

from datamodules.ar.raw_photo import HEIGHT, WIDTH


def smooth_photo(seed: int = 0, grey: bool = False) -> np.ndarray:
    """Return (576, 768, 3) uint8 with slow waves, a few edges, and the noise of a camera."""
    rng = np.random.default_rng(seed)
    rows, columns = np.mgrid[0:HEIGHT, 0:WIDTH]
    waves = [90 + 60 * np.sin(columns / rng.uniform(25, 90) + k) * np.cos(rows / rng.uniform(25, 90)) for k in range(3)]
    picture = np.stack([waves[0]] * 3 if grey else waves, axis=2)
    picture[200:400, 300:500] += [60, 20, -30] if not grey else 40
    noise = rng.normal(0, 2, (HEIGHT, WIDTH, 1 if grey else 3))
    return np.clip(picture + noise, 0, 255).astype(np.uint8)


def write_raw(path: Path, picture: np.ndarray, planar: bool = False) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes((picture.transpose(2, 0, 1) if planar else picture).tobytes())


def write_picture(path: Path, seed: int = 0, width: int = 40, height: int = 30) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(path)


def write_mask(path: Path, width: int = 40, height: int = 30, value: int = 255) -> None:
    """The left half is face."""
    path.parent.mkdir(parents=True, exist_ok=True)
    mask = np.zeros((height, width), np.uint8)
    mask[:, : width // 2] = value
    Image.fromarray(mask).save(path)


def write_ar(root: Path) -> Path:
    """Seven photos of three people, each in another spelling, and two masks."""
    men, women = ("m-001-1.bmp", "M-001-08.BMP", "m-001-21.bmp"), ("dbf2/w-001-11.ppm", "W-001-02.png")
    names = (*men, *women, "F-002-14.jpg", "f-002-26.bmp")
    for number, name in enumerate(names):
        write_picture(root / name, seed=number)
    (root / "readme.txt").write_text("not a photo\n")
    write_mask(root / "masks" / "M-001-8.png", value=1)
    write_mask(root / "dbf2" / "w-001-11_visible_skin_mask.png")
    return root
