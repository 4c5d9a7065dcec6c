"""Soft masks of the parts of a face, drawn around its 68 landmarks, for models that ship none."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

_SOFTNESS = 1.0
_DEEPEST = 45.0


def regions_from_landmarks(mean: np.ndarray, landmarks: np.ndarray) -> dict[str, np.ndarray]:
    """Weight every vertex by how much it belongs to the lips, eyes, brows, nose and cheeks.

    The masks are drawn in the frontal projection, with a soft edge about 2 mm wide, and hold for the front of the face
    only: what lies far behind the eyes (ears, neck, back of the head) gets 0.

    Args:
        mean: (V, 3) mean shape, mm, model frame.
        landmarks: (68,) vertex indices in iBUG order.

    Returns:
        name -> (V,) float32 in [0, 1], for ``lips``, ``eyes``, ``brows``, ``nose`` and ``cheeks``.
    """
    plane = np.asarray(mean, dtype=np.float64)[:, :2]
    points = plane[landmarks]
    depth = np.asarray(mean, dtype=np.float64)[:, 2]
    front = depth > depth[landmarks[[36, 45]]].mean() - _DEEPEST

    def inside(outline: np.ndarray, grow: float = 0.0) -> np.ndarray:
        return _soft(grow - signed_distance(plane, outline))

    def near(line: np.ndarray, radius: float) -> np.ndarray:
        return _soft(radius - distance_to_line(plane, line))

    def round_patch(centre: np.ndarray, radius: float) -> np.ndarray:
        return np.exp(-(((plane - centre) / radius) ** 2).sum(1))

    bridge, half_bridge = points[27], np.array([0.25 * np.linalg.norm(points[39] - points[42]), 0.0])
    nose = np.stack([bridge - half_bridge, points[31], points[33], points[35], bridge + half_bridge])
    masks = {
        "lips": inside(points[48:60], 0.5) * (1 - inside(points[60:68])),
        "eyes": np.maximum(inside(points[36:42], 1.0), inside(points[42:48], 1.0)),
        "brows": np.maximum(near(points[17:22], 4.0), near(points[22:27], 4.0)),
        "nose": inside(nose, 3.0),
        "cheeks": np.maximum(
            round_patch((points[48] + points[36] + points[2]) / 3, 18.0),
            round_patch((points[54] + points[45] + points[14]) / 3, 18.0),
        ),
    }
    return {name: np.where(front, mask, 0.0).clip(0, 1).astype(np.float32) for name, mask in masks.items()}


def signed_distance(points: np.ndarray, polygon: np.ndarray) -> np.ndarray:
    """Return the distance of (N, 2) points from a closed (P, 2) polygon, negative inside (even-odd rule)."""
    start, end = polygon, np.roll(polygon, -1, axis=0)
    within = np.zeros(len(points), dtype=bool)
    for (x0, y0), (x1, y1) in zip(start, end, strict=True):
        if y0 == y1:
            continue
        crosses = (y0 > points[:, 1]) != (y1 > points[:, 1])
        within ^= crosses & (points[:, 0] < x0 + (points[:, 1] - y0) * (x1 - x0) / (y1 - y0))
    distance = distance_to_line(points, np.concatenate([polygon, polygon[:1]]))
    return np.where(within, -distance, distance)


def distance_to_line(points: np.ndarray, line: np.ndarray) -> np.ndarray:
    """Return the distance of (N, 2) points from an open (P, 2) polyline."""
    nearest = np.full(len(points), np.inf)
    for start, end in pairwise(line):
        along = end - start
        length = float(along @ along)
        share = np.clip((points - start) @ along / length, 0, 1) if length > 0 else np.zeros(len(points))
        nearest = np.minimum(nearest, np.linalg.norm(points - start - share[:, None] * along, axis=1))
    return nearest


def _soft(margin: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-np.clip(margin * 2 / _SOFTNESS, -30, 30)))
