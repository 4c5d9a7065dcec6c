"""The visible face out of CelebAMask-HQ's masks of the parts of a face."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from seethrough.errors import SeethroughError
from seethrough.photos import read_photo

FACE = ("skin", "nose", "l_eye", "r_eye", "l_brow", "r_brow", "mouth", "u_lip", "l_lip")
"""Parts whose union is the face."""
COVERS = ("eye_g", "hair", "hat", "ear_r", "cloth", "neck_l")
"""What is taken out of it afterwards. The skin is drawn on behind them, and the label map that comes with the data set
paints eyes and brows over glasses: merged in that order, a face behind glasses would count as visible."""
CLASSES = (*FACE, *COVERS, "l_ear", "r_ear", "neck")
ASPECT_TOLERANCE = 0.02


@dataclass(frozen=True)
class PartMasks:
    """Mask files of the parts of one face; a part that is not in the photo has no file.

    Attributes:
        folder: where they lie.
        stem: how their names begin, such as ``00012``.
        tails: how each name goes on, such as ``_skin.png``.
    """

    folder: Path
    stem: str
    tails: tuple[str, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """The classes that have a file."""
        return tuple(_class_name(tail) for tail in self.tails)

    @property
    def paths(self) -> tuple[Path, ...]:
        """The files that the mask is merged from."""
        used = (tail for tail in self.tails if _class_name(tail) in (*FACE, *COVERS))
        return tuple(self.folder / f"{self.stem}{tail}" for tail in used)

    def read_classes(self) -> dict[str, np.ndarray]:
        """Read the files that say what is face and what covers it.

        Returns:
            class -> (h, w) bool, all of one shape (512 x 512 in the data set).

        Raises:
            SeethroughError: a file is missing, damaged or of another shape than the first.
        """
        masks: dict[str, np.ndarray] = {}
        for path in self.paths:
            name = _class_name(path.name[len(self.stem) :])
            masks[name] = read_photo(path)[:, :, 0] != 0
            first = next(iter(masks.values()))
            if masks[name].shape != first.shape:
                raise SeethroughError(
                    f"{path}: {_size(masks[name])}, the other masks of this photo have {_size(first)}; get it anew"
                )
        return masks

    def read(self, height: int, width: int) -> np.ndarray:
        """Return the visible face as (height, width) float32 in [0, 1], in the photo's own pixels.

        Raises:
            SeethroughError: a file is missing or damaged, there is no skin, or the shape is not that of the photo.
        """
        face = visible_face(self.read_classes(), f"{self.folder / self.stem}_skin.png")
        if abs(face.shape[0] * width / (face.shape[1] * height) - 1) > ASPECT_TOLERANCE:
            raise SeethroughError(
                f"{self.folder / self.stem}_*.png: the masks have {_size(face)}, the photo {width} x {height} pixels; "
                "they do not belong together"
            )
        return resized(face, height, width)


def visible_face(masks: Mapping[str, np.ndarray], where: str) -> np.ndarray:
    """Merge masks to that of the visible face.

    Args:
        masks: class -> (h, w) bool; an absent class is not in the photo.
        where: what an error names.

    Returns:
        (h, w) bool.

    Raises:
        SeethroughError: there is no skin mask.
    """
    if "skin" not in masks:
        raise SeethroughError(f"{where}: no skin mask, so nobody knows where the face is; unpack the masks again")
    face = np.zeros_like(masks["skin"])
    for name in FACE:
        if name in masks:
            face |= masks[name]
    for name in COVERS:
        if name in masks:
            face &= ~masks[name]
    return face


def resized(mask: np.ndarray, height: int, width: int) -> np.ndarray:
    """Bring an (h, w) bool mask to height x width: float32 in [0, 1], antialiased, up to the picture's very edge."""
    if mask.shape == (height, width):
        return mask.astype(np.float32)
    image = Image.fromarray(mask.astype(np.float32)).resize((width, height), Image.Resampling.BILINEAR)
    return np.clip(np.asarray(image), 0, 1)


def _class_name(tail: str) -> str:
    return tail[1:].rpartition(".")[0].lower()


def _size(mask: np.ndarray) -> str:
    return f"{mask.shape[1]} x {mask.shape[0]} pixels"
