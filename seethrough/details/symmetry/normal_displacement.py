"""How far along its normal each point of the foundation lies from the detailed surface."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from seethrough.details.symmetry.map_sampling import pixel_coordinates, sample_surface
from seethrough.rendering.camera import Camera

_ROUNDS = 5
_LEAST_COSINE = 0.15
_LONGEST_MM = 20.0


@dataclass(frozen=True)
class DetailMap:
    """A detailed surface as the camera sees it.

    Attributes:
        camera: of the maps.
        depth: (H, W) mm of the foundation, 0 where there is none.
        bump: (H, W) mm, foundation depth less detailed depth.
        trusted: (H, W) bool, where the bump counts.
        along: what the bump is measured along, ``z`` or ``ray``.
        tolerance: mm; pixels whose foundation depth differs by more see another surface.
    """

    camera: Camera
    depth: np.ndarray
    bump: np.ndarray
    trusted: np.ndarray
    along: str
    tolerance: float

    def bump_at(self, points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return (N,) mm at (N, 3) points of the foundation, camera frame, and (N,) share of trusted pixels there."""
        return self._read(self.bump, points)

    def detailed_at(self, points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the same of the detailed depth."""
        return self._read(self.depth - self.bump, points)

    def _read(self, values: np.ndarray, points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        places = pixel_coordinates(points, self.camera)
        return sample_surface(values, self.trusted, self.depth, places, points[:, 2], self.tolerance)

    def moved(self, points: np.ndarray, bump: np.ndarray) -> np.ndarray:
        """Move (N, 3) points of the camera frame by bumps (N,), along z or along their rays."""
        if self.along == "ray":
            return points * (1 - bump / points[:, 2])[:, None]
        return points - np.stack([np.zeros_like(bump), np.zeros_like(bump), bump], axis=1)


def normal_displacements(
    detail: DetailMap, points: np.ndarray, normals: np.ndarray, *, near: bool = False
) -> tuple[np.ndarray, np.ndarray]:
    """Find where lines along the normals of the foundation meet the detailed surface.

    Where the detailed surface is parallel to the foundation, one that is b mm nearer in depth is b c mm off along a
    normal of cosine c. A few rounds of going where that says, and looking how much is left, find the place on any
    other surface that the camera sees; the best round counts.

    Args:
        detail: the surface.
        points: (N, 3) mm, camera frame, of the foundation.
        normals: (N, 3) unit, outward.
        near: the points lie near the detailed surface already, and no longer on the foundation.

    Returns:
        (N,) mm along the normals, outward, and (N,) share of trusted pixels around the point, in [0, 1]; where that is
        0 the displacement is as well.
    """
    cosine = -normals[:, 2] if detail.along == "z" else -(normals * points).sum(1) / points[:, 2]
    cosine = np.maximum(cosine, _LEAST_COSINE)
    bump, share = detail.bump_at(points)
    distance = np.zeros(len(points)) if near else bump * cosine
    best, least = distance, np.full(len(points), np.inf)
    for _ in range(_ROUNDS):
        place = points + normals * distance[:, None]
        # The pixel that gives the surface at this x and y, or on this ray, is that of the foundation's point below.
        under = detail.moved(place, -bump)
        reached, found = detail.detailed_at(under)
        left = np.where(found > 0, place[:, 2] - reached, np.inf)
        closer = np.abs(left) < least
        best, least = np.where(closer, distance, best), np.where(closer, np.abs(left), least)
        distance = np.clip(distance + np.where(np.isfinite(left), left * cosine, 0.0), -_LONGEST_MM, _LONGEST_MM)
    return np.where(share > 0, best, 0.0), share
