"""Pictures with an opacity: drawing them with smooth edges, and laying them over one another."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

OVERSAMPLING = 4


@dataclass
class Layer:
    """Something that stands before what is behind it.

    Attributes:
        colour: (S, S, 3) float32 lit RGB.
        alpha: (S, S) float32 opacity in [0, 1].
        shadow: (S, S) float32 in [0, 1], how much light it takes from what is behind; 0 everywhere for no shadow.
    """

    colour: np.ndarray
    alpha: np.ndarray
    shadow: np.ndarray

    def over(self, picture: np.ndarray) -> np.ndarray:
        """Return (S, S, 3) ``picture`` with the shadow on it and the layer before it."""
        alpha = self.alpha[..., None]
        return picture * ((1 - self.shadow)[..., None] * (1 - alpha)) + self.colour * alpha


class Stencil:
    """Draws shapes in px coordinates at four times the resolution, so that their edges come out smooth."""

    def __init__(self, size: int) -> None:
        self.size = size
        self._picture = Image.new("L", (size * OVERSAMPLING, size * OVERSAMPLING))
        self._draw = ImageDraw.Draw(self._picture)

    def polygon(self, points: np.ndarray, opacity: float = 1.0) -> Stencil:
        """Fill the closed (N, 2) polygon."""
        self._draw.polygon(_flat(points), fill=round(255 * opacity))
        return self

    def line(self, points: np.ndarray, width: float, opacity: float = 1.0) -> Stencil:
        """Draw an open (N, 2) line, ``width`` px wide, with round ends."""
        wide = max(1, round(width * OVERSAMPLING))
        fill = round(255 * opacity)
        self._draw.line(_flat(points), fill=fill, width=wide, joint="curve")
        if wide > 3:
            for x, y in (points[0], points[-1]):
                self.disc(x, y, width / 2, opacity)
        return self

    def disc(self, x: float, y: float, radius: float, opacity: float = 1.0) -> Stencil:
        """Fill a disc."""
        box = [OVERSAMPLING * (x - radius), OVERSAMPLING * (y - radius)]
        box += [OVERSAMPLING * (x + radius), OVERSAMPLING * (y + radius)]
        self._draw.ellipse(box, fill=round(255 * opacity))
        return self

    def alpha(self) -> np.ndarray:
        """Return (S, S) float32 in [0, 1]."""
        return np.asarray(self._picture.reduce(OVERSAMPLING), np.float32) / np.float32(255)


def _flat(points: np.ndarray) -> list[float]:
    # PIL counts from the middle of a pixel, we count from its corner.
    return (points * OVERSAMPLING - 0.5).ravel().tolist()


def blurred(alpha: np.ndarray, radius: float) -> np.ndarray:
    """Blur an (S, S) float32 field in [0, 1] with a Gaussian of ``radius`` px."""
    picture = Image.fromarray((alpha * 255 + 0.5).astype(np.uint8))
    return np.asarray(picture.filter(ImageFilter.GaussianBlur(radius)), np.float32) / np.float32(255)


def contact_shadow(
    alpha: np.ndarray,
    rng: np.random.Generator,
    *,
    towards: np.ndarray | None = None,
    strength: tuple[float, float] = (0.1, 0.5),
) -> np.ndarray:
    """Return the soft shadow that a shape of opacity ``alpha`` casts on what is close behind it.

    Args:
        alpha: (S, S) opacity of the shape.
        rng: draws how far off the shape is, and how soft and dark its shadow.
        towards: (2,) where light throws shadows in the picture, x and y; straight down if left out.
        strength: range of how much light it takes.
    """
    size = alpha.shape[0]
    jitter, distance = rng.normal(0, 0.008), rng.uniform(0.004, 0.05)
    dx, dy = ((np.array([0.0, 1.0]) if towards is None else towards) * distance + [jitter, 0.0]) * size
    dx, dy = (int(np.clip(round(float(shift)), -size + 1, size - 1)) for shift in (dx, dy))
    moved = np.zeros_like(alpha)
    rows, columns = size - abs(dy), size - abs(dx)
    moved[max(dy, 0) :, max(dx, 0) :][:rows, :columns] = alpha[max(-dy, 0) :, max(-dx, 0) :][:rows, :columns]
    # The farther off, the softer.
    return blurred(moved, (0.008 + 0.6 * distance + rng.uniform(0, 0.012)) * size) * np.float32(rng.uniform(*strength))


def rounded(points: np.ndarray, times: int = 2) -> np.ndarray:
    """Round the corners of a closed polygon by cutting them ``times`` times (Chaikin 1974)."""
    for _ in range(times):
        following = np.roll(points, -1, axis=0)
        points = np.stack([0.75 * points + 0.25 * following, 0.25 * points + 0.75 * following], 1).reshape(
            -1, points.shape[1]
        )
    return points


def convex_hull(points: np.ndarray) -> np.ndarray:
    """Return the corners of the convex hull of (N, 2) points, in order (Andrew 1979)."""
    ordered = points[np.lexsort((points[:, 1], points[:, 0]))]

    def half(sequence: np.ndarray) -> list[np.ndarray]:
        corners: list[np.ndarray] = []
        for point in sequence:
            while len(corners) > 1:
                (ax, ay), (bx, by) = corners[-1] - corners[-2], point - corners[-2]
                if ax * by - ay * bx > 0:
                    break
                corners.pop()
            corners.append(point)
        return corners[:-1]

    return np.stack(half(ordered) + half(ordered[::-1]))


def pixel_grid(size: int) -> tuple[np.ndarray, np.ndarray]:
    """Return x and y, (S, S) float32, of all pixel centres."""
    axis = np.arange(size, dtype=np.float32) + np.float32(0.5)
    return np.broadcast_to(axis[None, :], (size, size)), np.broadcast_to(axis[:, None], (size, size))
