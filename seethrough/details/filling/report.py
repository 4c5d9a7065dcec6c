"""What one filling did: which references, how near they are, and what share of the hole each filled."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True)
class SourceReport:
    """One reference that filled a part of a hole.

    Attributes:
        row: in the reference set.
        id: its name.
        identity: name of the person; None where unknown.
        pose_distance: rad, or standard deviations with the preset ``paper``; None where it was not asked for.
        similarity: cosine of the recognition features; None where there are none.
        share: of the hole that it filled; of what several filled together, by the size of their weights.
        weight: with which it was mixed, 1 where it was taken alone; may be negative.
        scale: pixels of the face's crop for a pixel of the reference's.
        angle: rad, by which it was turned.
        landmarks: how many the alignment rests on.
    """

    row: int
    id: str
    identity: str | None
    pose_distance: float | None
    similarity: float | None
    share: float
    weight: float
    scale: float
    angle: float
    landmarks: int


@dataclass(frozen=True)
class FillingReport:
    """What one filling did.

    Attributes:
        hole_pixels: pixels of the hole.
        hole_share: of the face.
        sources: the references, in the order of their use.
        mixed: how many of them, the first ones, were mixed; 0 where each was taken alone.
        harmonic_share: of the hole, that no reference covers; a membrane fills it.
        adrift_share: of the hole, that touches no visible pixel; nothing could be blended there.
        landmarks_seen: of the 68.
        considered: references on the short list.
    """

    hole_pixels: int
    hole_share: float
    sources: tuple[SourceReport, ...] = ()
    mixed: int = 0
    harmonic_share: float = 0.0
    adrift_share: float = 0.0
    landmarks_seen: int = 68
    considered: int = 0

    def as_row(self) -> dict[str, Any]:
        """Return plain types for a manifest."""
        return asdict(self)
