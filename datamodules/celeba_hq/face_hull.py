"""How much of a face is covered, out of the masks of its parts alone, in whole numbers.

A detector's landmarks would depend on the detector and its version; annotations are the same for all who have the data
set, and nothing here is rounded, so that everybody finds the same numbers.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

TOP_CLASSES = ("l_brow", "r_brow", "l_eye", "r_eye", "eye_g")
SHRINK = (9, 10)


@dataclass(frozen=True)
class Occlusion:
    """Pixels of the annotation inside the face hull, and those of them that are not visible face."""

    hull: int
    occluded: int

    @property
    def fraction(self) -> float:
        """Occluded share of the hull; 1 where there is no hull."""
        return self.occluded / self.hull if self.hull else 1.0


def occlusion(face: np.ndarray, masks: Mapping[str, np.ndarray]) -> Occlusion:
    """Count the pixels that are covered within the face hull.

    The face hull is the convex hull of the visible face from the topmost pixel of brows, eyes and glasses downwards
    (photos are upright by construction of CelebA-HQ): between brows and chin, where foreheads and hair lines do not
    count. It is shrunk to nine tenths about its centroid, because along the rim hair that frames a face, the hollow of
    an eye socket in half profile and the annotator's hand leave gaps that cover nothing.

    Args:
        face: (h, w) bool visible face, see :func:`~datamodules.celeba_hq.face_mask.visible_face`.
        masks: class -> (h, w) bool of the parts that are annotated.

    Returns:
        Counts; both 0 where no face is visible.
    """
    corners = convex_hull(face)
    if len(corners) < 3:
        return Occlusion(0, 0)
    top = _top(masks)
    whole = _inside(corners, face.shape, top, 0, (0, 0))
    count = int(whole.sum())
    if count == 0:
        return Occlusion(0, 0)
    rows, columns = np.nonzero(whole)
    hull = _inside(corners, face.shape, top, count, (int(columns.sum()), int(rows.sum())))
    return Occlusion(int(hull.sum()), int((hull & ~face).sum()))


def convex_hull(mask: np.ndarray) -> list[tuple[int, int]]:
    """Return the corners (x, y) of the convex hull of a mask's pixels, whole numbers, in order, the inside right.

    Andrew's monotone chain over the outermost pixels of each row (A. M. Andrew, Information Processing Letters 9,
    1979). Fewer than three corners where the pixels lie on a line.
    """
    rows = np.flatnonzero(mask.any(axis=1))
    if len(rows) == 0:
        return []
    first = mask[rows].argmax(axis=1)
    last = mask.shape[1] - 1 - mask[rows, ::-1].argmax(axis=1)
    points = sorted({(int(x), int(y)) for x, y in [*zip(first, rows, strict=True), *zip(last, rows, strict=True)]})
    lower, upper = _chain(points), _chain(points[::-1])
    return lower[:-1] + upper[:-1]


def _chain(points: list[tuple[int, int]]) -> list[tuple[int, int]]:
    chain: list[tuple[int, int]] = []
    for point in points:
        while len(chain) > 1 and _turn(chain[-2], chain[-1], point) <= 0:
            chain.pop()
        chain.append(point)
    return chain


def _turn(a: tuple[int, int], b: tuple[int, int], c: tuple[int, int]) -> int:
    return (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])


def _inside(
    corners: list[tuple[int, int]], shape: tuple[int, ...], top: int, count: int, total: tuple[int, int]
) -> np.ndarray:
    """Return the (h, w) bool map of the pixels p inside the hull and not above row ``top``.

    With a ``count``, p is first moved away from the centroid ``total / count`` by the inverse of the shrinkage:
    q = c + (p - c) 10/9. All is multiplied by 9 ``count``, so that it stays in whole numbers.
    """
    small, large = SHRINK if count else (1, 1)
    count = max(count, 1)
    scale, step = small * count, large * count
    offset = [(large - small) * each for each in total]
    y = step * np.arange(shape[0], dtype=np.int64) - offset[1]
    x = step * np.arange(shape[1], dtype=np.int64) - offset[0]
    inside = np.broadcast_to((y >= scale * top)[:, None], shape[:2]).copy()
    for (ax, ay), (bx, by) in zip(corners, [*corners[1:], corners[0]], strict=True):
        # (b - a) x (q - a) >= 0, where the part of the row is compared with that of the column.
        row_part, column_part = (bx - ax) * (y - scale * ay), (by - ay) * (x - scale * ax)
        inside &= row_part[:, None] >= column_part[None, :]
    return inside


def _top(masks: Mapping[str, np.ndarray]) -> int:
    """Return the first row of brows, eyes and glasses; of the nose where those are hidden, else 0."""
    for names in (TOP_CLASSES, ("nose",)):
        rows = [np.flatnonzero(masks[name].any(axis=1)) for name in names if name in masks]
        tops = [int(each[0]) for each in rows if len(each)]
        if tops:
            return min(tops)
    return 0
