"""Settings of the stitched mesh."""

from __future__ import annotations

from dataclasses import dataclass

from seethrough.errors import SeethroughError


@dataclass(frozen=True)
class StitchSettings:
    """How fine the stitched mesh is.

    Attributes:
        spacing: longest edge where there is dense detail, in sizes of a pixel on the face.
        detail_limit: mm, largest detail between the vertices of the face model; more comes from another surface.
        crossings: look for triangles of the fine mesh that cross one another, not only for those of the face model that
            do, and smooth what crosses. Without, in half the time, a few may cross in the corners of eyes and mouth.
    """

    spacing: float = 2.0
    detail_limit: float = 2.0
    crossings: bool = True

    def __post_init__(self) -> None:
        """Refuse what cannot be run."""
        if not 0.25 <= self.spacing <= 100:
            raise SeethroughError(f"stitching: spacing must be from 0.25 to 100 pixels, it is {self.spacing:g}")
        if not self.detail_limit >= 0:
            raise SeethroughError(f"stitching: detail_limit must not be negative, it is {self.detail_limit:g}")
