"""Laying a reference over a face: a similarity from landmarks that are seen, and the reference's bump under it."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from seethrough.details.filling.reference_set import Reference
from seethrough.details.filling.sampling import sample_maps

SEEN_WITHIN = 0.015
"""Of the crop's side, how far around a landmark pixels tell whether it is seen."""

FEWEST = 6
"""Landmarks that a similarity is taken from at least; with fewer in sight all are used."""

LEAST_SPREAD = 0.1
"""Of the crop's side, the root mean square distance from their middle that landmarks need to tell a scale."""


@dataclass(frozen=True)
class Similarity:
    """A rotation, a scale and a shift of the plane: ``to = scale * R(angle) from + shift``.

    Attributes:
        linear: (2, 2), scale times rotation.
        shift: (2,) px.
    """

    linear: np.ndarray
    shift: np.ndarray

    @property
    def scale(self) -> float:
        """Pixels there for a pixel here."""
        return float(math.hypot(self.linear[0, 0], self.linear[1, 0]))

    @property
    def angle(self) -> float:
        """Radians from x towards y."""
        return float(math.atan2(self.linear[1, 0], self.linear[0, 0]))

    def __call__(self, points: np.ndarray) -> np.ndarray:
        """Map (..., 2) points."""
        return np.asarray(points, dtype=np.float64) @ self.linear.T + self.shift

    def inverse(self) -> Similarity:
        """Return the way back."""
        (a, b), (x, y) = self.linear[:, 0].tolist(), self.shift.tolist()
        squared = a * a + b * b
        a, b = a / squared, b / squared
        return Similarity(np.array([[a, b], [-b, a]]), np.array([-a * x - b * y, b * x - a * y]))


def fit_similarity(source: np.ndarray, target: np.ndarray) -> Similarity:
    """Return the similarity that takes source to target points with the least sum of squares; it never mirrors.

    In the plane Umeyama's solution (PAMI 1991) has a closed form with points as complex numbers.

    Args:
        source: (N, 2) points that do not all coincide.
        target: (N, 2).

    Raises:
        ValueError: points that are not finite, or coincide.
    """
    source, target = (np.asarray(points, dtype=np.float64) for points in (source, target))
    if source.shape != target.shape or source.ndim != 2 or source.shape[1] != 2:
        raise ValueError(f"expected two sets of (N, 2) points, got {source.shape} and {target.shape}")
    a_mean, b_mean = source.sum(0) / len(source), target.sum(0) / len(source)
    (x, y), (u, v) = (source - a_mean).T, (target - b_mean).T
    spread = float(x @ x + y @ y)
    if not (spread > 0 and math.isfinite(spread) and math.isfinite(float(u @ u + v @ v))):
        raise ValueError("a similarity needs finite points that do not all coincide")
    real, imaginary = float(x @ u + y @ v) / spread, float(x @ v - y @ u) / spread
    if not math.hypot(real, imaginary) > 0:
        raise ValueError("a similarity to points that all coincide has no scale")
    linear = np.array([[real, -imaginary], [imaginary, real]])
    return Similarity(linear, b_mean - linear @ a_mean)


def visible_landmarks(landmarks: np.ndarray, visible: np.ndarray, face: np.ndarray) -> np.ndarray:
    """Return the (68,) bool map of landmarks around which at least half of the face's pixels are seen.

    Landmarks with no face around them (outside the crop, or far off the outline) count as not seen.

    Args:
        landmarks: (68, 2) px.
        visible: (H, W) bool, pixels of the face that are seen.
        face: (H, W) bool.
    """
    height, width = face.shape
    reach = max(1, round(SEEN_WITHIN * max(height, width)))
    seen = np.zeros(len(landmarks), bool)
    for number, (x, y) in enumerate(np.floor(landmarks).astype(int)):
        window = (slice(max(y - reach, 0), max(y + reach + 1, 0)), slice(max(x - reach, 0), max(x + reach + 1, 0)))
        inside = face[window]
        count = int(inside.sum())
        seen[number] = count > 0 and 2 * int((visible[window] & inside).sum()) >= count
    return seen


def guiding_landmarks(landmarks: np.ndarray, seen: np.ndarray) -> np.ndarray:
    """Return the (68,) bool map of landmarks that references are aligned by.

    Args:
        landmarks: (68, 2) of the face, px of its crop.
        seen: (68,) bool; only these count, unless they are fewer than :data:`FEWEST` or lie too close together.
    """
    points = landmarks[seen]
    size = 2 * float(np.abs(landmarks - landmarks.mean(0)).max())
    if len(points) < FEWEST or math.sqrt(float(points.var(0).sum())) < LEAST_SPREAD * size:
        return np.ones(len(landmarks), bool)
    return seen


def warp_reference(
    reference: Reference,
    similarity: Similarity,
    box: tuple[slice, slice],
    samples: int | None = None,
    *,
    wanted: np.ndarray | None = None,
    out: tuple[np.ndarray, np.ndarray] | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """Sample a reference's bump where the pixels of a face lie, bilinearly; where it is finer, means of its pixels.

    Bumps stay in millimetres. The similarity changes how many millimetres a pixel spans, mostly because crops have
    other resolutions and framings; what is left of its scale, a few percent, is that one head is larger than the other,
    and wrinkles and folds of a larger head are not deeper.

    Args:
        reference: the reference.
        similarity: from its crop to that of the face.
        box: rows and columns of the face's crop that are wanted.
        samples: along each side of a pixel; None for as many as the reference has pixels there.
        wanted: (h, w) bool, pixels of the box that are sampled; None for all.
        out: where to write; None for new arrays.

    Returns:
        (h, w) float32 mm, and (h, w) bool, where every pixel that a sample rests on is inside the reference's mask;
        elsewhere the bump is 0.
    """
    rows, columns = box
    shape = (rows.stop - rows.start, columns.stop - columns.start)
    back = similarity.inverse()
    matrix = np.empty((2, 3))
    matrix[:, :2], matrix[:, 2] = back.linear, back.shift
    bump, covered = (np.empty(shape, np.float32), np.empty(shape, bool)) if out is None else out
    wanted = np.ones(shape, bool) if wanted is None else wanted
    count = max(1, round(back.scale)) if samples is None else samples
    inside = reference.mask.reshape(-1)
    sample_maps(reference.codes, inside, matrix, rows.start, columns.start, count, wanted, bump, covered)
    return bump, covered
