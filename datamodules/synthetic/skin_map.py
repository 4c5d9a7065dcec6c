"""Where on a face model hair, lips and make-up belong."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from seethrough.morphable import FaceModel


@dataclass(frozen=True)
class SkinMap:
    """Where on a face model brows, beard and lips are, and texture coordinates in mm; all per vertex.

    Attributes:
        places: (V, 2) float32 mm, round the head and up: where textures are looked up.
        brows: (V,) float32 in [0, 1].
        beard: (V,) float32 in [0, 1].
        lips: (V,) float32 in [0, 1].
        freckles: (V,) float32 in [0, 1], nose and cheeks.
        hairline: (V,) float32 in [0, 1], the border to the hair of the head, with sideburns.
        make_up: (3, V) float32 in [0, 1]: eyelids, edges of the lids, cheeks.
        eyeballs: (N,) vertices.
        mouth: (T,) bool, triangles inside the mouth.
    """

    places: np.ndarray
    brows: np.ndarray
    beard: np.ndarray
    lips: np.ndarray
    freckles: np.ndarray
    hairline: np.ndarray
    make_up: np.ndarray
    eyeballs: np.ndarray
    mouth: np.ndarray


def skin_map(model: FaceModel) -> SkinMap:
    """Find brows, beard and lips of any face model from its mean shape and landmarks."""
    mean = model.mean.numpy().astype(np.float64)
    marks = mean[model.landmarks.numpy()]
    x, y, z = mean.T
    behind = marks[[0, 16], 2].mean()
    places = np.stack([np.arctan2(x, np.maximum(z - behind, 5.0)) * 70.0, y], 1)

    brows = np.zeros(len(mean))
    for line in (marks[17:22], marks[22:27]):
        # Hair stops a little before the innermost landmark: brows that meet are rare.
        inner = np.linspace(0, 3.6, 25) if line[0, 0] < 0 else np.linspace(0.4, 4, 25)
        fine = np.stack([np.interp(inner, range(5), line[:, axis]) for axis in range(2)], 1)
        distance = np.linalg.norm(mean[:, None, :2] - fine[None], axis=2).min(1)
        brows = np.maximum(brows, np.exp(-((distance / 3.6) ** 4)))

    lips = model.regions.get("lips")
    corner = marks[[48, 54]].mean(0)
    mouth = np.hypot(x / max(abs(marks[54, 0]), 1.0), (y - corner[1]) / max(marks[51, 1] - marks[57, 1], 1.0) * 1.6)
    lip_weight = np.exp(-(mouth**6)) if lips is None else lips.numpy().astype(np.float64)
    # The upper edge of a beard: under the nose, down to the corners of the mouth, up to the ears.
    knots = [0.0, abs(marks[35, 0]), 1.15 * abs(marks[54, 0]), 0.8 * abs(marks[14, 0]), abs(marks[16, 0])]
    levels = [
        marks[33, 1] - 2,
        marks[33, 1] - 3,
        corner[1] + 2,
        marks[[3, 13], 1].mean() + 18,
        marks[[1, 15], 1].mean(),
    ]
    edge = np.interp(np.abs(x), knots, levels)
    beard = _soft((edge - y) / 3.0) * (1 - np.clip(1.5 * lip_weight, 0, 1)) * _soft((z - behind - 2) / 5.0)
    cheeks = marks[[31, 35]].mean(0)
    freckles = np.exp(-(((y - cheeks[1] - 12) / 20) ** 2)) * np.exp(-((x / 52) ** 4)) * (1 - lip_weight)
    inside = _region(model, "mouth") > 0.5
    eyeballs = (_region(model, "eyes") > 0.5) & (_region(model, "face") < 0.5) & ~inside
    outside = ~(eyeballs | inside)
    fields = (brows, beard, lip_weight, freckles, _hairline(model, mean, marks) * outside)
    return SkinMap(
        places.astype(np.float32),
        *(field.astype(np.float32) for field in fields),
        make_up=(_make_up(mean, marks) * outside).astype(np.float32),
        eyeballs=np.flatnonzero(eyeballs),
        mouth=np.asarray(inside[model.triangles.numpy()].all(1)),
    )


def _region(model: FaceModel, name: str) -> np.ndarray:
    """Return (V,) weights of a region; all 0 for a model without it, but all 1 for the face."""
    region = model.regions.get(name)
    return np.full(len(model.mean), float(name == "face")) if region is None else region.numpy().astype(np.float64)


def _hairline(model: FaceModel, mean: np.ndarray, marks: np.ndarray) -> np.ndarray:
    """Weigh (V,) what lies near the upper border of the mesh, and near its border before the ears."""
    triangles = model.triangles.numpy().astype(np.int64)
    edges = np.sort(triangles[:, [0, 1, 1, 2, 2, 0]].reshape(-1, 2), 1)
    codes, counts = np.unique(edges[:, 0] * len(mean) + edges[:, 1], return_counts=True)
    border = np.unique(np.concatenate(divmod(codes[counts == 1], len(mean))))
    border = border[(_region(model, "face")[border] > 0.5) & (_region(model, "eyes")[border] < 0.05)]
    brow, lobe = marks[17:27, 1].max(), marks[[1, 15], 1].mean()
    top = border[mean[border, 1] > brow + 18]
    temples = border[(mean[border, 1] <= brow + 18) & (mean[border, 1] > lobe)]
    weight = np.zeros(len(mean))
    for line, width in ((top, 5.0), (temples, 8.0)):
        if len(line):
            distance = np.array([np.linalg.norm(mean[line] - point, axis=1).min() for point in mean])
            weight = np.maximum(weight, np.exp(-((distance / width) ** 2)))
    return weight


def _make_up(mean: np.ndarray, marks: np.ndarray) -> np.ndarray:
    """Weigh (3, V) upper lids, lashes and cheeks."""
    lids, lashes = np.zeros(len(mean)), np.zeros(len(mean))
    for first in (36, 42):
        upper, eye = marks[first : first + 4], marks[first : first + 6]
        steps = np.linspace(0, 3, 19)
        line = np.stack([np.interp(steps, range(4), upper[:, axis]) for axis in range(2)], 1)
        distance = np.linalg.norm(mean[:, None, :2] - line[None], axis=2).min(1)
        above = _soft((mean[:, 1] - eye[:, 1].mean() - 1.0) / 1.0)
        lashes = np.maximum(lashes, np.exp(-((distance / 2.0) ** 2)) * above)
        lids = np.maximum(lids, np.exp(-((distance / 5.5) ** 4)) * above)
    cheeks = np.zeros(len(mean))
    for corner, eye in ((marks[48], marks[36]), (marks[54], marks[45])):
        middle = 0.45 * corner[:2] + 0.55 * eye[:2]
        middle[0] *= 1.1
        cheeks += np.exp(-(((mean[:, :2] - middle) / [17.0, 11.0]) ** 2).sum(1))
    return np.stack([lids, lashes, np.minimum(cheeks, 1)])


def _soft(value: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-np.clip(value, -30, 30)))
