"""What a translator has seen: the crop of its training images and their size, kept with its weights."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from seethrough.details.depth import ALONG
from seethrough.details.detail_crop import BOTTOM, DETAIL_SIZE, LEFT, RIGHT, TOP
from seethrough.errors import SeethroughError

KEY = "training_view"
"""Of a checkpoint."""

CROP_MM = 278.0
"""What the detail crop shows of the mean face, from side to side, for data that do not tell their scale."""

_EXTENTS = (LEFT, TOP, RIGHT, BOTTOM)
_SIZES = {"detail": ("scene", "image_size"), "bump": ("image_size",)}  # where data sets keep the size


@dataclass(frozen=True)
class TrainingView:
    """How a translator's images show a face, so that it is shown others in the same way.

    Attributes:
        size: pixels of the square image.
        extents: left, top, right and bottom of the crop around the middle of the landmarks' box, in halves of its
            larger side (:func:`~seethrough.details.detail_crop`).
        crop_mm: what the crop shows of the mean face, mm; a pixel spans ``crop_mm / size``.
        along: what bumps, in mm towards the camera, are measured along: one of ``seethrough.details.depth.ALONG``.
    """

    size: int
    extents: tuple[float, float, float, float] = _EXTENTS
    crop_mm: float = CROP_MM
    along: str = "z"

    def as_dict(self) -> dict[str, Any]:
        """Return what a checkpoint holds under :data:`KEY`."""
        return asdict(self) | {"extents": list(self.extents)}


RELEASED_VIEW = TrainingView(DETAIL_SIZE)
"""Of the released network."""


def view_of(checkpoint: Mapping[str, Any], file: Path) -> TrainingView:
    """Return the view of a checkpoint; one that does not tell it itself tells the data that it was trained on.

    Raises:
        SeethroughError: neither is told, or its crops are not those that this version cuts.
    """
    told = checkpoint.get(KEY)
    if told is None:
        size = _size_of_data(checkpoint.get("config"))
        if size is None:
            raise SeethroughError(f"{file} does not tell the size of the images it was trained on: train again")
        return TrainingView(size)
    try:
        left, top, right, bottom = (float(value) for value in told["extents"])
        view = TrainingView(int(told["size"]), (left, top, right, bottom), float(told["crop_mm"]), str(told["along"]))
        fits = view.size > 0 and view.along in ALONG
    except (KeyError, TypeError, ValueError):
        fits, view = False, RELEASED_VIEW
    if not fits:
        raise SeethroughError(f"{file}: '{KEY}' is damaged; use another checkpoint, or train again")
    for name in ("extents", "crop_mm"):
        theirs, ours = getattr(view, name), getattr(RELEASED_VIEW, name)
        if theirs != ours:
            raise SeethroughError(
                f"{file} was trained on other crops of faces, {name} {theirs} where this version has {ours}: "
                "train again"
            )
    return view


def _size_of_data(config: Any) -> int | None:
    """Return the image size of an experiment's data, None where they are not known to have one."""
    if not isinstance(config, Mapping):
        return None
    found: Any = config.get("data")
    for key in _SIZES.get(str(config.get("dataset")), ("",)):
        found = found.get(key) if isinstance(found, Mapping) else None
    return found if isinstance(found, int) and found > 0 else None
