"""Small trees in the layout of CelebAMask-HQ: random photos, drawn masks, tables."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

SIDE = 64
# Numbers in CelebA of the photos 0, 1, 2 ...: two of training, one of validation, the rest of the test split.
NUMBERS = (119613, 162770, 162771, 182638, 190000, 202599)
# Ellipses (left, top, right, bottom) in units of a 64th of the mask's side.
PARTS: dict[str, list[tuple[int, int, int, int]]] = {
    "skin": [(14, 8, 50, 60)],
    "nose": [(29, 28, 35, 40)],
    "l_eye": [(20, 26, 27, 30)],
    "r_eye": [(37, 26, 44, 30)],
    "l_brow": [(19, 21, 28, 24)],
    "r_brow": [(36, 21, 45, 24)],
    "u_lip": [(26, 44, 38, 48)],
    "l_lip": [(26, 47, 38, 51)],
    "neck": [(20, 54, 44, 64)],
}


def part_mask(ellipses: list[tuple[int, int, int, int]], side: int = SIDE) -> np.ndarray:
    """Draw ellipses as (side, side) bool."""
    image = Image.new("L", (side, side))
    for box in ellipses:
        ImageDraw.Draw(image).ellipse([value * side / 64 for value in box], fill=255)
    return np.asarray(image) > 0


def face_parts(**changes: list[tuple[int, int, int, int]] | None) -> dict[str, np.ndarray]:
    """Return the masks of an uncovered face; ``changes`` adds classes or, by None, takes them out."""
    shapes = {name: shape for name, shape in {**PARTS, **changes}.items() if shape is not None}
    return {name: part_mask(shape) for name, shape in shapes.items()}


def face_landmarks(side: int) -> np.ndarray:
    """Return (68, 2) whole pixels of a plausible face that fills most of a photo."""
    along, around = np.linspace(0, np.pi, 17), np.linspace(0, 2 * np.pi, 20, endpoint=False)
    jaw = np.stack([0.5 - 0.30 * np.cos(along), 0.5 + 0.38 * np.sin(along)], axis=1)
    brows = np.stack([np.r_[np.linspace(0.28, 0.45, 5), np.linspace(0.55, 0.72, 5)], np.full(10, 0.36)], axis=1)
    bridge = np.stack([np.full(4, 0.5), np.linspace(0.42, 0.57, 4)], axis=1)
    nostrils = np.stack([np.linspace(0.45, 0.55, 5), np.full(5, 0.61)], axis=1)
    eye = np.array([(-0.05, 0.0), (-0.02, -0.02), (0.02, -0.02), (0.05, 0.0), (0.02, 0.02), (-0.02, 0.02)])
    eyes = np.concatenate([eye + np.array([x, 0.43]) for x in (0.37, 0.63)])
    mouth = np.stack([0.5 - 0.09 * np.cos(around), 0.74 - 0.04 * np.sin(around)], axis=1)
    points = np.concatenate([jaw, brows, bridge, nostrils, eyes, mouth])
    assert points.shape == (68, 2)
    return np.rint(points * side).astype(int)


@dataclass
class CelebaTree:
    """Writes a tree piece by piece, so that a test can spoil any of it.

    Attributes:
        root: the folder ``CelebAMask-HQ``.
        masks: name of the folder of masks.
    """

    root: Path
    masks: str = "CelebAMask-HQ-mask-anno"

    def photo(self, index: int, name: str = "") -> Path:
        """Write a random photo."""
        path = self.root / "CelebA-HQ-img" / (name or f"{index}.jpg")
        path.parent.mkdir(parents=True, exist_ok=True)
        values = np.random.default_rng(index).integers(0, 255, (2, 2, 3), dtype=np.uint8)
        Image.fromarray(values).resize((2 * SIDE, 2 * SIDE), Image.Resampling.BICUBIC).save(path)
        return path

    def mask_path(self, index: int, name: str) -> Path:
        """Return where the mask of a part lies."""
        return self.root / self.masks / str(index // 2000) / f"{index:05d}_{name}.png"

    def parts(self, index: int, parts: dict[str, np.ndarray]) -> None:
        """Write masks with three equal channels, as those of the data set."""
        for name, mask in parts.items():
            path = self.mask_path(index, name)
            path.parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(np.repeat(mask[:, :, None].astype(np.uint8) * 255, 3, axis=2)).save(path)

    def mapping(self, numbers: tuple[int, ...] = NUMBERS, header: bool = True) -> Path:
        """Write the mapping to CelebA's numbers, with the blanks of the real file."""
        rows = ["idx     orig_idx    orig_file"] if header else []
        rows += [f"{index:<8}{number - 1:<12}{number:06d}.jpg" for index, number in enumerate(numbers)]
        path = self.root / "CelebA-HQ-to-CelebA-mapping.txt"
        path.write_text("\n".join(rows) + "\n")
        return path

    def landmarks(self, count: int = len(NUMBERS)) -> Path:
        """Write a table of landmarks."""
        row = ",".join(str(value) for value in face_landmarks(2 * SIDE).reshape(-1))
        path = self.root.parent / "landmarks.csv"
        path.write_text("".join(f"CelebA-HQ-img/{index}.jpg,{row}\n" for index in range(count)))
        return path


def whole_tree(folder: Path, *, masks: str = "CelebAMask-HQ-mask-anno", header: bool = True) -> CelebaTree:
    """Write a tree without fault: six photos; test photos 3 plain, 4 behind glasses, 5 with hair over the face."""
    tree = CelebaTree(folder / "CelebAMask-HQ", masks)
    for index in range(len(NUMBERS)):
        tree.photo(index)
        tree.parts(index, face_parts())
    tree.parts(4, {"eye_g": part_mask([(17, 23, 30, 34), (34, 23, 47, 34)])})
    tree.parts(5, {"hair": part_mask([(10, 0, 32, 40)])})
    tree.mapping(header=header)
    return tree
