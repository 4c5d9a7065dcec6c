"""Where things are on the face: soft weights of lips, eyes, brows, nose, cheeks and the like on the mean shape."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import PchipInterpolator

from tools.face_model.head import EYE_GROUPS, split_parts
from tools.face_model.makehuman import BaseMesh
from tools.face_model.teeth import EDGE_RING

Array = NDArray[np.float64]

# Middle line of the viewer's right brow (x, y) and half its height there, mm.
BROW = np.array([[11.0, 52.5], [17, 54.5], [25, 57.2], [34, 59.2], [42, 58.8], [49, 55.5], [55, 50.5]])
BROW_HALF_HEIGHT = np.array([3.2, 4.2, 4.1, 3.7, 3.1, 2.2, 0.8])

LASH_RING = 3  # rings of quads from the inner end of the eyelids, hidden behind the eyeball, to the edge of the lids
FAR = 99.0


@dataclass(frozen=True)
class Anatomy:
    """The mean face with labels, on one level of subdivision.

    Attributes:
        points: (V, 3) mean shape in the model frame, mm.
        mouth: (V,) share that belongs to the mouth cavity.
        upper_teeth, lower_teeth: (V,) share of tooth, 0 to 1.
        eyeball: (V,) True on the eyeballs.
        gaze_angle: (V,) degrees from the gaze axis on the eyeballs, 180 elsewhere.
        lips: (V,) share of lip, 0 to 1.
        lid_ring: (V,) rings of quads between a vertex and the inner end of the eyelids; the edge of the lids, where
            the lashes grow, is ring LASH_RING; 99 far away and on the eyeballs.
        lid_distance: (V,) mm to the nearest point of the edge of the lids.
        lip_distance: (V,) mm to the nearest point of the line between the lips.
        upper_lid: (V,) True where the nearest edge of a lid is the upper one.
    """

    points: Array
    mouth: Array
    upper_teeth: Array
    lower_teeth: Array
    eyeball: NDArray[np.bool_]
    gaze_angle: Array
    lips: Array
    lid_ring: Array
    lid_distance: Array
    lip_distance: Array
    upper_lid: NDArray[np.bool_]


def base_labels(base: BaseMesh, lip_mask: NDArray[np.uint8]) -> dict[str, Array]:
    """Return label -> (N,) values on the base mesh's vertices: mouth, lids, eyeball, lips, lid_ring, lip_line."""
    count = len(base.vertices)
    parts = split_parts(base)
    skin, mouth, sockets = (np.unique(quads) for quads in (parts.skin, parts.mouth, parts.sockets))
    helper = np.unique(base.quads[np.isin(base.groups, EYE_GROUPS)])

    def indicator(index: NDArray[np.int64]) -> Array:
        values = np.zeros(count)
        values[index] = 1.0
        return values

    body = base.groups == "body"
    lips = np.zeros(count)
    of_skin = np.isin(base.quads[body], skin).all(1) & ~np.isin(base.quads[body], np.setdiff1d(mouth, skin)).any(1)
    corner, where = base.quads[body][of_skin].ravel(), base.texture_quads[body][of_skin].ravel()
    lips[corner] = sample(lip_mask, base.texture[where])
    lips[np.intersect1d(mouth, skin)] = 1.0
    lips = (lips + lips[base.mirror]) / 2
    ring = np.full(count, FAR)
    ring[np.intersect1d(sockets, skin)] = 0.0
    for step in range(1, LASH_RING + 3):
        near = parts.skin[(ring[parts.skin] < step).any(1)]
        ring[near] = np.minimum(ring[near], step)
    return {
        "mouth": indicator(np.setdiff1d(mouth, skin)),
        "eyeball": indicator(helper),
        "lips": lips,
        "lid_ring": ring,
        "lip_line": indicator(np.intersect1d(mouth, skin)),
    }


def sample(image: NDArray[np.uint8], texture: Array) -> Array:
    """Return the (H, W) image's values in 0..1 at (K, 2) texture coordinates, v up, bilinearly."""
    height, width = image.shape
    x = np.clip(texture[:, 0] * width - 0.5, 0, width - 1.001)
    y = np.clip((1 - texture[:, 1]) * height - 0.5, 0, height - 1.001)
    column, row = x.astype(int), y.astype(int)
    a, b = x - column, y - row
    pixels = image.astype(np.float64) / 255
    top = pixels[row, column] * (1 - a) + pixels[row, column + 1] * a
    bottom = pixels[row + 1, column] * (1 - a) + pixels[row + 1, column + 1] * a
    return top * (1 - b) + bottom * b


def anatomy(base: BaseMesh, mean: Array, labels: dict[str, Array], points: Array) -> Anatomy:
    """Label the vertices of one level.

    Args:
        base: the base mesh.
        mean: (N, 3) mean shape of the base mesh in the model frame.
        labels: values carried to this level from :func:`base_labels`, (V,) each.
        points: (V, 3) mean shape on this level.
    """
    eyeball = labels["eyeball"] > 0.5
    angle = np.full(len(points), 180.0)
    for group, side in zip(EYE_GROUPS, (1, -1), strict=True):
        helper = mean[np.unique(base.quads[base.groups == group])]
        arm = points - (helper.min(0) + helper.max(0)) / 2
        mine = eyeball & (points[:, 0] * side > 0)
        angle[mine] = np.degrees(np.arctan2(np.hypot(arm[mine, 0], arm[mine, 1]), arm[mine, 2]))
    margin = points[(np.abs(labels["lid_ring"] - LASH_RING) < 0.01) & ~eyeball]
    lid_distance, nearest = _nearest(points, margin)
    corner_height = _lid_axis(margin)
    line = points[labels["lip_line"] > 0.99]
    ring = labels["mouth_ring"]
    tooth = rise(ring, EDGE_RING - 0.9, EDGE_RING - 0.5) * rise(ring, EDGE_RING + 0.5, EDGE_RING + 0.1)
    return Anatomy(
        points=points,
        mouth=labels["mouth"],
        upper_teeth=tooth * labels["upper_teeth"],
        lower_teeth=tooth * labels["lower_teeth"],
        eyeball=eyeball,
        gaze_angle=angle,
        lips=rise(labels["lips"], 0.3, 0.9) * ~eyeball,
        lid_ring=np.where(eyeball, FAR, labels["lid_ring"]),
        lid_distance=lid_distance,
        lip_distance=_nearest(points, line)[0],
        upper_lid=margin[nearest, 1] > corner_height[nearest],
    )


def _lid_axis(margin: Array) -> Array:
    """Return, for each lid margin point, the height of the line between the two corners of its eye."""
    x = np.abs(margin[:, 0])
    inner, outer = margin[x.argmin()], margin[x.argmax()]
    share = (x - abs(inner[0])) / (abs(outer[0]) - abs(inner[0]))
    return inner[1] + share * (outer[1] - inner[1])


def _nearest(points: Array, to: Array) -> tuple[Array, NDArray[np.int64]]:
    squared = (points**2).sum(1)[:, None] + (to**2).sum(1)[None] - 2 * points @ to.T
    nearest = squared.argmin(1)
    return np.linalg.norm(points - to[nearest], axis=1), nearest


def rise(values: Array, low: float, high: float) -> Array:
    """Return a smooth step from 0 at ``low`` to 1 at ``high`` (falling where low > high)."""
    t = np.clip((values - low) / (high - low), 0.0, 1.0)
    return t * t * (3 - 2 * t)


def bump(points: Array, x: float, y: float, width: float, height: float) -> Array:
    """Return a Gaussian in the front view at (+-x, y) mm with the given radii, symmetric left to right."""
    return np.exp(-(((np.abs(points[:, 0]) - x) / width) ** 2) - ((points[:, 1] - y) / height) ** 2)


def brow_weight(points: Array) -> Array:
    """Return 1 on the brows, 0 elsewhere, with an edge of about 3.5 mm."""
    x = np.abs(points[:, 0])
    inside = np.clip(x, BROW[0, 0], BROW[-1, 0])
    middle = PchipInterpolator(BROW[:, 0], BROW[:, 1])(inside)
    half = PchipInterpolator(BROW[:, 0], BROW_HALF_HEIGHT)(inside)
    across = rise(np.abs(points[:, 1] - middle) - half, 1.9, -1.7)
    ends = rise(x, BROW[0, 0] - 2.0, BROW[0, 0] + 2.0) * rise(x, BROW[-1, 0] + 1.0, BROW[-1, 0] - 3.0)
    return across * ends * (points[:, 2] > -45)


def regions(face: Anatomy) -> dict[str, Array]:
    """Return name -> (V,) weights in [0, 1].

    ``face`` is everything but the eyeballs and the mouth cavity, ``skin`` is ``face`` without lips and brows; ``eyes``
    covers eyeballs and lids. The weights of different regions may overlap at their edges.
    """
    p = face.points
    x, y, z = np.abs(p[:, 0]), p[:, 1], p[:, 2]
    outside = (~face.eyeball) * (1 - face.mouth)
    brows = brow_weight(p) * outside
    eyes = np.maximum(face.eyeball.astype(float), rise(face.lid_distance, 6.0, 2.0) * (1 - face.mouth))
    half_width = np.interp(y, [-14, -6, 8, 36, 46], [12, 19.5, 17, 9, 8])
    nose = rise(x, half_width + 3, half_width - 1) * rise(y, -15.0, -10.5) * rise(y, 50, 40) * rise(z, 2.0, 8.0)
    lips = face.lips * outside
    cheeks = rise(x, 22, 32) * rise(y, -48, -30) * rise(y, 26, 14) * outside
    forehead = rise(y, 62, 70) * outside
    chin = rise(y, -50, -57) * rise(x, 34, 24) * rise(z, -24, -8) * outside
    return {
        "face": outside * 1.0,
        "skin": np.clip(outside - lips - brows, 0, 1),
        "lips": lips,
        "eyes": eyes,
        "brows": brows,
        "nose": nose * outside * (1 - lips),
        "cheeks": cheeks,
        "forehead": forehead,
        "chin": chin,
        "mouth": face.mouth * 1.0,
    }
