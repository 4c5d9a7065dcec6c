"""From sheets of pictures, as trainings and evaluations write them, to the pictures of single faces."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

# What stands side by side in the strip of one face.
FOCUS_VIEWS = ("target", "overlay", "render", "mask")
BUMP_VIEWS = ("target", "true_bump", "bump", "foundation", "surface", "true_surface")
BUMP_VIEWS_WITHOUT_TRUTH = ("target", "bump", "foundation", "surface")
_STRIPS = {"focus": (FOCUS_VIEWS,), "bump": (BUMP_VIEWS, BUMP_VIEWS_WITHOUT_TRUTH)}
_GAP = 2
# Where the colours of the error end: a difference of 0.3 is plain to see.
ERROR_END = 0.3
_INK = np.array([[0, 0, 4], [87, 16, 110], [188, 55, 84], [249, 142, 9], [252, 255, 164]], dtype=np.float64)

Tiles = dict[str, np.ndarray]


def read_picture(path: Path) -> np.ndarray | None:
    """Return (H, W, 3) uint8 of a picture; None where it is broken, such as one that is being written."""
    try:
        with Image.open(path) as picture:
            return np.asarray(picture.convert("RGB"))
    except (OSError, ValueError, SyntaxError):
        return None


def strips_of(method: str, config: Mapping[str, Any], sheet: np.ndarray) -> list[Tiles] | None:
    """Cut a sheet of :func:`experiments.pictures.grid` into the faces it shows.

    Args:
        method: what was trained.
        config: its settings, which tell the size of its pictures.
        sheet: (H, W, 3).

    Returns:
        For each face (S, S, 3) uint8 pictures by what they show; None where the sheet is laid out otherwise.
    """
    size = _picture_size(method, config)
    if size is None:
        return None
    for views in _STRIPS.get(method, ()):
        cells = _cells(sheet, size, size * len(views))
        if cells is not None:
            return [
                {view: cell[:, place * size : (place + 1) * size] for place, view in enumerate(views)} for cell in cells
            ]
    return None


def _picture_size(method: str, config: Mapping[str, Any]) -> int | None:
    try:
        size = config["model"]["image_size"] if method == "focus" else config["data"]["scene"]["image_size"]
    except (KeyError, TypeError):
        return None
    return size if isinstance(size, int) and size > 0 else None


def _cells(sheet: np.ndarray, height: int, width: int) -> list[np.ndarray] | None:
    """Return the cells of a grid from left to right and down, without the white ones that fill its last row."""
    if sheet.shape[:2] == (height, width):
        return [sheet]  # a single picture is drawn without borders
    rows, rest = divmod(sheet.shape[0] - _GAP, height + _GAP)
    columns, more = divmod(sheet.shape[1] - _GAP, width + _GAP)
    if rest or more or rows < 1 or columns < 1:
        return None
    corners = [
        (row * (height + _GAP) + _GAP, column * (width + _GAP) + _GAP)
        for row in range(rows)
        for column in range(columns)
    ]
    cells = [sheet[top : top + height, left : left + width] for top, left in corners]
    return [cell for cell in cells if not (cell == 255).all()]


def with_error(tiles: Tiles) -> tuple[Tiles, dict[str, float]]:
    """Add where the overlay differs from the target, and what can be measured in the pictures themselves.

    Returns:
        The tiles with ``error``: the mean over channels of the absolute difference, dark to light, from 0 to 0.3 of the
        full range; and ``error``, the RMSE of the colours where the face is rendered and seen, in 1/255, and
        ``visible``, the share of the rendered face that the mask keeps. Nothing where a view is missing.
    """
    if not {"target", "overlay", "render", "mask"} <= set(tiles):
        return tiles, {}
    target, overlay = (tiles[name].astype(np.float64) for name in ("target", "overlay"))
    difference = np.abs(target - overlay).mean(2) / 255
    rendered = tiles["render"].max(2) > 0
    seen = rendered & (tiles["mask"][..., 0] > 127)
    numbers: dict[str, float] = {}
    if rendered.any():
        numbers["visible"] = round(float(seen.sum() / rendered.sum()), 4)
    if seen.any():
        numbers["error"] = round(float(np.sqrt(((target - overlay)[seen] ** 2).mean())), 2)
    return {**tiles, "error": coloured(difference / ERROR_END)}, numbers


def coloured(values: np.ndarray) -> np.ndarray:
    """Return (H, W, 3) uint8 colours from dark to light of (H, W) values in [0, 1], in the manner of Inferno."""
    place = values.clip(0, 1) * (len(_INK) - 1)
    low = np.minimum(place.astype(int), len(_INK) - 2)
    share = (place - low)[..., None]
    return np.rint(_INK[low] * (1 - share) + _INK[low + 1] * share).astype(np.uint8)


def shrunk(picture: np.ndarray, factor: float) -> np.ndarray:
    """Return a picture at a share of its size; one that would grow stays as it is."""
    if factor >= 1:
        return picture
    size = [max(round(side * factor), 1) for side in (picture.shape[1], picture.shape[0])]
    return np.asarray(Image.fromarray(np.ascontiguousarray(picture)).resize(size, Image.Resampling.LANCZOS))


def views_in(tiles: Sequence[Tiles]) -> list[str]:
    """Return all views that some faces have, in the order in which they stand side by side."""
    order = ["target", "overlay", "render", "mask", "error", *BUMP_VIEWS]
    found = {view for tile in tiles for view in tile}
    return [view for view in dict.fromkeys(order) if view in found]
