"""What a face model does not explain about skin: texture, freckles, beard, brows, make-up, gloss and small bumps.

This layer is what keeps fitting synthetic faces from being an inverse crime: no setting of the coefficients gives it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numba
import numpy as np

from datamodules.synthetic.textures import TEXTURE_SIZE, TextureBank
from seethrough.morphable import FaceModel

_HAIR_COLOURS = np.array(
    [
        (0.05, 0.04, 0.04),
        (0.12, 0.08, 0.06),
        (0.22, 0.14, 0.09),
        (0.38, 0.25, 0.15),
        (0.62, 0.47, 0.3),
        (0.78, 0.64, 0.43),
        (0.5, 0.22, 0.1),
        (0.45, 0.44, 0.43),
        (0.78, 0.77, 0.75),
    ]
)
_HAIR_SHARES = np.cumsum([0.2, 0.2, 0.18, 0.14, 0.09, 0.05, 0.05, 0.06, 0.03])


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


@dataclass
class Complexion:
    """One person's skin beyond the model.

    Attributes:
        hair: (3,) albedo of hair and brows.
        amounts: (11,) float32: mottling, grain, freckles, beard, brow cover, brow grain, gloss, bump in mm, hair at the
            hairline, teeth and tongue, glint of the eyes.
        fields: (3, 128, 128) textures for mottling, grain and hairs.
        offsets: (6,) float32, where in them this person begins.
        lipstick: (4,) RGB albedo and strength.
        make_up: (3, 4) RGB albedo and strength on eyelids, lashes and cheeks.
        bald: no hair on the head.
        receding: the hair begins above the face.
    """

    hair: np.ndarray
    amounts: np.ndarray
    fields: np.ndarray
    offsets: np.ndarray
    lipstick: np.ndarray
    make_up: np.ndarray
    bald: bool
    receding: bool


def random_complexion(rng: np.random.Generator, textures: TextureBank, strength: float) -> Complexion:
    """Draw one person's complexion; ``strength`` scales all that no face model explains."""
    hair = _HAIR_COLOURS[int(np.searchsorted(_HAIR_SHARES, rng.random() * _HAIR_SHARES[-1]))]
    hair = np.clip(hair * np.exp(rng.normal(0, 0.15) + rng.normal(0, 0.05, 3)), 0.02, 0.95)
    bearded, stubble = rng.random() < 0.22, rng.random() < 0.2
    beard = rng.uniform(0.5, 1.0) if bearded else rng.uniform(0.08, 0.3) if stubble else 0.0
    freckled, glossy = rng.random() < 0.2, rng.uniform(0, 1) ** 2
    amounts = np.array(
        [
            rng.uniform(0.04, 0.2),
            rng.uniform(0.03, 0.16),
            rng.uniform(0.12, 0.4) if freckled else 0.0,
            beard,
            rng.uniform(0.1, 0.75),
            rng.uniform(0.2, 0.8),
            0.35 * glossy,
            rng.uniform(0.1, 0.7),
        ]
    )
    fields = [
        textures.pick(rng, "cloudy", "smooth"),
        textures.pick(rng, "rough", "fine"),
        textures.pick(rng, "fine", "strand"),
    ]
    lipstick = np.append(np.clip(rng.normal((0.62, 0.16, 0.2), 0.1), 0, 1), 0.0)
    lipstick[3] = strength * rng.uniform(0.2, 0.8) if rng.random() < 0.2 else 0.0
    offsets = rng.uniform(0, TEXTURE_SIZE, 6)
    bald = rng.random() < 0.1
    receding = rng.random() < 0.12
    combed = 0.0 if bald or receding else rng.uniform(0.5, 1.0)
    amounts = np.append(amounts, [combed, 1.0, rng.uniform(0.5, 1.2)])
    lined = np.exp(rng.normal(-3.2, 0.3)) * np.exp(rng.normal(0, 0.1, 3))
    shadow = np.clip(rng.normal((0.35, 0.22, 0.22), 0.14), 0.03, 0.9)
    blush = np.clip(rng.normal((0.72, 0.3, 0.28), 0.06), 0, 1)
    made_up = rng.random(3) < (0.5 if lipstick[3] > 0 else 0.04, 0.8 if lipstick[3] > 0 else 0.35, 0.22)
    strengths = strength * made_up * rng.uniform((0.15, 0.3, 0.05), (0.6, 0.85, 0.3))
    make_up = np.concatenate([np.stack([shadow, lined, blush]), strengths[:, None]], 1)
    return Complexion(
        hair=hair.astype(np.float32),
        amounts=(amounts * strength).astype(np.float32),
        fields=np.stack(fields),
        offsets=offsets.astype(np.float32),
        lipstick=lipstick.astype(np.float32),
        make_up=make_up.astype(np.float32),
        bald=bald,
        receding=receding,
    )


@numba.njit(cache=True, inline="always")
def look_up(field, x, y):
    """Read a periodic (128, 128) texture at the nearest cell."""
    return field[math.floor(y) & (TEXTURE_SIZE - 1), math.floor(x) & (TEXTURE_SIZE - 1)]


@numba.njit(cache=True)
def displace(vertices, normals, places, field, offset_x, offset_y, millimetres):
    """Push vertices along their normals by up to ``millimetres`` / 2 each way, by a smooth texture; in place."""
    for i in range(vertices.shape[0]):
        x, y = places[i, 0] * 0.6 + offset_x, places[i, 1] * 0.6 + offset_y
        height = (look_up(field, x, y) - np.float32(0.5)) * millimetres
        for axis in range(3):
            vertices[i, axis] += height * normals[i, axis]


@numba.njit(cache=True)
def gloss(normals, positions, direction, strength, sharpness, out):
    """Write the highlight of a light from ``direction`` (unit, towards the light) on each vertex into ``out`` (V,).

    ``sharpness`` is the exponent of Blinn's highlight: 18 for skin, more for wet things.
    """
    for i in range(normals.shape[0]):
        px, py, pz = positions[i, 0], positions[i, 1], positions[i, 2]
        length = math.sqrt(px * px + py * py + pz * pz)
        hx, hy, hz = direction[0] - px / length, direction[1] - py / length, direction[2] - pz / length
        norm = math.sqrt(hx * hx + hy * hy + hz * hz) + 1e-9
        facing = (normals[i, 0] * hx + normals[i, 1] * hy + normals[i, 2] * hz) / norm
        out[i] = strength * max(facing, 0.0) ** sharpness
