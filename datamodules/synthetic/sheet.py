"""Contact sheets of synthetic faces."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from datamodules.synthetic.generator import SyntheticFace


def tiles(face: SyntheticFace) -> np.ndarray:
    """Return picture above mask, (2 S, S, 3) uint8; white is visible face, grey is hidden face, dots are landmarks."""
    picture = face.image.transpose(1, 2, 0).copy()
    mask = np.repeat((face.mask * 255 + (face.full_face & ~face.mask) * 110).astype(np.uint8)[..., None], 3, 2)
    x, y = np.floor(face.landmarks).astype(int).clip(0, picture.shape[0] - 1).T
    mask[y, x] = np.where(face.landmark_visible[:, None], (30, 160, 60), (220, 40, 40))
    return np.concatenate([picture, mask])


def contact_sheet(pictures: Sequence[np.ndarray], columns: int) -> np.ndarray:
    """Lay equally large pictures out in rows; places that are left over stay black."""
    rows = -(-len(pictures) // columns)
    height, width, _ = pictures[0].shape
    sheet = np.zeros((rows * height, columns * width, 3), np.uint8)
    for number, picture in enumerate(pictures):
        top, left = number // columns * height, number % columns * width
        sheet[top : top + height, left : left + width] = picture
    return sheet
