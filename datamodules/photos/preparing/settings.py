"""What decides the bytes of a prepared folder, apart from the photos."""

from __future__ import annotations

from dataclasses import dataclass

from datamodules.photos.crop_size import DEFAULT_FIELD, DEFAULT_SIDE
from seethrough.errors import SeethroughError
from seethrough.photos.detection import DETECTORS


@dataclass(frozen=True)
class PreparationSettings:
    """How photos are searched and cut.

    Attributes:
        side: width and height of a stored crop, px.
        field: part of the photo that a stored crop shows, as a multiple of the FOCUS crop.
        detector: what finds faces and landmarks, one of ``seethrough.photos.detection.DETECTORS``.
        search_side: a photo that says nothing of its faces is searched in a copy of at most this many pixels, and in
            one of twice that where nothing is found.
        quality: of the JPEG files.

    Raises:
        SeethroughError: impossible values.
    """

    side: int = DEFAULT_SIDE
    field: float = DEFAULT_FIELD
    detector: str = "dlib"
    search_side: int = 640
    quality: int = 95

    def __post_init__(self) -> None:
        if self.side < 32:
            raise SeethroughError(f"side={self.side}: a stored crop needs at least 32 px")
        if not 1.0 <= self.field <= 4.0:
            raise SeethroughError(f"field={self.field}: a stored crop shows between 1 and 4 times the FOCUS crop")
        if self.detector not in DETECTORS:
            raise SeethroughError(f"unknown face detector '{self.detector}'; choose from {', '.join(DETECTORS)}")
        if self.search_side < 80:
            raise SeethroughError(f"search_side={self.search_side}: no face is found in fewer than 80 px")
        if not 1 <= self.quality <= 100:
            raise SeethroughError(f"quality={self.quality}: JPEG knows 1 to 100")
