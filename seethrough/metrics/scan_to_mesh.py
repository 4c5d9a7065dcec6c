"""The scan-to-mesh error of the NoW challenge (Sanyal et al. 2019): how far a scanned face is from a predicted mesh."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from seethrough.metrics.mesh_registration import Similarity, landmark_alignment, refine_alignment
from seethrough.metrics.triangle_tree import ClosestPoints, TriangleTree

LANDMARKS = 7
UNITS = {"mm": 1.0, "cm": 10.0, "m": 1000.0}
_RADIUS = 1.4
_TOWARDS_BRIDGE = 0.3
_COVERAGE = 0.9
_RIM_DISTANCE = 2.0
_UNIT_LIMIT = 2.0


@dataclass(frozen=True)
class ScanToMesh:
    """The error of one prediction.

    Attributes:
        distances: (N,) mm, from each vertex of the cropped scan to the aligned mesh.
        alignment: from the prediction's frame to the scan's.
        landmark_rms: root mean square distance of the seven landmarks after they alone were aligned, mm.
        coverage: share of the cropped scan that is not beyond an open border of the mesh, as the landmarks place it.
        warnings: what the number does not show, in a sentence each: ``mirrored``, ``partial`` (half a face), ``unit``.
    """

    distances: np.ndarray
    alignment: Similarity
    landmark_rms: float
    coverage: float
    warnings: dict[str, str] = field(default_factory=dict)

    @property
    def median(self) -> float:
        """Median distance, mm."""
        return float(np.median(self.distances))

    @property
    def mean(self) -> float:
        """Mean distance, mm."""
        return float(self.distances.mean())

    @property
    def std(self) -> float:
        """Standard deviation of the distances (ddof 0), mm."""
        return float(self.distances.std())


def scan_to_mesh(
    scan: np.ndarray,
    scan_landmarks: np.ndarray,
    vertices: np.ndarray,
    triangles: np.ndarray,
    landmarks: np.ndarray,
    *,
    metrical: bool = False,
    unit: str = "mm",
) -> ScanToMesh:
    """Measure a prediction as the NoW challenge does.

    The scan is cropped to a ball around the face, the landmarks are aligned (Procrustes; a reflection is allowed, as in
    the official tool), and scale, rotation and translation are refined until the sum of squared distances from the
    cropped scan's vertices to the mesh is least. Their distances then are the error.

    Args:
        scan: (S, 3) vertices of the scan, mm.
        scan_landmarks: (7, 3) on the scan, mm: outer and inner corner of the right eye, inner and outer corner of the
            left eye, base of the nose, right and left corner of the mouth.
        vertices: (V, 3) of the whole predicted neutral head or face, in any frame.
        triangles: (T, 3) of it.
        landmarks: (7, 3) of it, in the same order.
        metrical: keep the prediction's own size (the challenge's metrical variant).
        unit: of the prediction, ``mm``, ``cm`` or ``m``; only counts where ``metrical``.

    Raises:
        ValueError: wrong shapes, numbers that are not finite, landmarks in one place, nothing left of the scan.
    """
    scan, vertices = _points("scan", scan), _points("vertices", vertices)
    scan_landmarks = _points("scan_landmarks", scan_landmarks, LANDMARKS)
    landmarks = _points("landmarks", landmarks, LANDMARKS)
    if unit not in UNITS:
        raise ValueError(f"unit is {unit!r}, expected one of {', '.join(UNITS)}")
    cropped = crop_scan(scan, scan_landmarks)
    if not len(cropped):
        raise ValueError("no vertex of the scan lies near its landmarks: they belong to another scan or unit")
    start = landmark_alignment(landmarks, scan_landmarks, scale=UNITS[unit] if metrical else None)
    tree = TriangleTree.of(vertices, triangles)
    alignment, closest = refine_alignment(tree, cropped, start, with_scale=not metrical)
    landmark_rms = float(np.sqrt(((start.apply(landmarks) - scan_landmarks) ** 2).sum(1).mean()))
    distances = alignment.scale * np.sqrt(closest.squared)
    coverage = _coverage(tree, cropped, np.asarray(triangles), start, closest)
    warnings = _warnings(alignment, coverage, landmarks, scan_landmarks, unit if metrical else None)
    return ScanToMesh(distances, alignment, landmark_rms, coverage, warnings)


def crop_scan(scan: np.ndarray, landmarks: np.ndarray) -> np.ndarray:
    """Return the vertices of a scan that the challenge counts, in their order.

    The centre lies between the base and the bridge of the nose, the radius is 1.4 times the mean of the face's width
    at the eyes and of the nose's length; both in single precision, as the official tool reads its landmarks.
    """
    centre, radius = crop_ball(landmarks)
    return scan[np.linalg.norm(scan - centre, axis=1) <= radius]


def crop_ball(landmarks: np.ndarray) -> tuple[np.ndarray, float]:
    """Return centre (3,) and radius of the ball that :func:`crop_scan` keeps, mm."""
    marks = landmarks.astype(np.float32)
    bridge = (marks[1] + marks[2]) / 2
    centre = marks[4] + np.float32(_TOWARDS_BRIDGE) * (bridge - marks[4])
    width, length = np.linalg.norm(marks[0] - marks[3]), np.linalg.norm(bridge - marks[4])
    return centre.astype(np.float64), _RADIUS * float(width + length) / 2


def beyond_border(closest: ClosestPoints, triangles: np.ndarray) -> np.ndarray:
    """Return (N,) whether the closest point lies on an open border of the mesh, an edge with one triangle."""
    on_edge = closest.barycentric < 1e-9
    asked = np.zeros(int(triangles.max()) + 1, dtype=bool)
    asked[triangles[closest.triangles[on_edge.any(1)]]] = True
    # No other triangle has one of the edges that are asked for.
    every = np.sort(_edge_keys(triangles[asked[triangles].sum(1) > 1], len(asked)), axis=None)
    keys = _edge_keys(triangles[closest.triangles], len(asked))[on_edge]
    on_edge[on_edge] = np.searchsorted(every, keys, "right") - np.searchsorted(every, keys) == 1
    return np.any(on_edge, axis=1)


def _edge_keys(triangles: np.ndarray, count: int) -> np.ndarray:
    """Return (T, 3) numbers that both triangles of an edge have in common; edge k lies opposite to corner k."""
    start, end = np.roll(triangles, -1, axis=1).astype(np.int64), np.roll(triangles, 1, axis=1)
    return np.minimum(start, end) * count + np.maximum(start, end)


def _coverage(
    tree: TriangleTree, points: np.ndarray, triangles: np.ndarray, start: Similarity, closest: ClosestPoints
) -> float:
    """Return the share of (N, 3) points that is not beyond a border of the mesh where the landmarks put it.

    There, since the refinement moves half a face to the middle of the scan; ``closest`` was found after it.
    """
    placed = start.undo(points)
    # Points that are near what they are near after the refinement are not beyond anything.
    far = start.scale * np.linalg.norm(placed - closest.points, axis=1) > _RIM_DISTANCE
    first = tree.closest(placed[far], ClosestPoints(*(values[far] for values in closest)))
    beyond = beyond_border(first, triangles) & (start.scale * np.sqrt(first.squared) > _RIM_DISTANCE)
    return 1 - float(beyond.sum()) / len(points)


def _warnings(
    alignment: Similarity, coverage: float, landmarks: np.ndarray, scan_landmarks: np.ndarray, unit: str | None
) -> dict[str, str]:
    warnings = {}
    if np.linalg.det(alignment.rotation) < 0:
        warnings["mirrored"] = (
            "the landmarks only fit mirrored (left and right swapped, or depth turned): the error does not show it"
        )
    if coverage < _COVERAGE:
        warnings["partial"] = (
            f"only {coverage:.0%} of the scanned face is covered: NoW wants the complete mesh, not the visible part"
        )
    if unit is not None:
        fitting = landmark_alignment(landmarks, scan_landmarks).scale
        if not 1 / _UNIT_LIMIT < fitting / UNITS[unit] < _UNIT_LIMIT:
            nearest = min(UNITS, key=lambda name: abs(np.log(UNITS[name] / fitting)))
            warnings["unit"] = f"the landmarks fit at {fitting:.4g} mm a unit, not at {UNITS[unit]:g}: is it {nearest}?"
    return warnings


def _points(name: str, values: np.ndarray, count: int | None = None) -> np.ndarray:
    values = np.asarray(values, dtype=np.float64)
    if values.ndim == 3 and values.shape[0] == 1:
        values = values[0]
    if values.ndim != 2 or values.shape[1] != 3 or (count is not None and len(values) != count):
        raise ValueError(f"{name} has shape {values.shape}, expected ({count or 'N'}, 3)")
    if not np.isfinite(values).all():
        raise ValueError(f"{name} holds numbers that are not finite")
    return values
