"""From the MakeHuman body to one face mesh: crop curve, mouth pocket, lids, eyeballs, frame and texture."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray
from scipy.interpolate import CubicSpline
from scipy.sparse.csgraph import connected_components

from tools.face_model.crop import PolygonMesh, as_table, compact, crop
from tools.face_model.makehuman import BaseMesh

SCALE = 1.065  # brings the pupils of the mean face to 61.5 mm, the human mean
ORIGIN = np.array([0.0, 700.0, 126.0])  # mm before scaling: mid height of the face, depth of the eye corners

# The border of the face in the side view: the face is what lies in front of z(y), both in mm in the model frame.
# From under the chin over the angle of the jaw, just in front of the ear and over the temple to the hairline.
BORDER_Y = np.array([-110.0, -95, -80, -65, -45, -25, -5, 15, 35, 55, 75, 95, 105, 112, 120, 135])
BORDER_Z = np.array([-20.0, -21, -26, -38, -53, -61, -65, -66.5, -65, -59, -46, -24, -8, 8, 30, 80])

MOUTH_RINGS = 4  # rings of the mouth cavity that stay behind the lips
EYE_GROUPS = ("helper-l-eye", "helper-r-eye")
EYE_SECTORS = 20
EYE_ANGLES = np.array([0.0, 4.5, 8.0, 13.0, 18.5, 22.0, 27.0, 36.0, 48.0, 62.0, 80.0])  # degrees from the gaze; 0: pole


@dataclass(frozen=True)
class Parts:
    """Which body quads belong to which part of the head."""

    skin: NDArray[np.int64]
    mouth: NDArray[np.int64]
    sockets: NDArray[np.int64]


def to_model_frame(vertices: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return (..., 3) MakeHuman positions (mm) in the model frame."""
    return (vertices - ORIGIN) * SCALE


def border_field(vertices: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return, for (N, 3) vertices in the model frame, how far (mm, along z) each lies in front of the face border."""
    curve = CubicSpline(BORDER_Y, BORDER_Z)
    y = np.clip(vertices[:, 1], BORDER_Y[0], BORDER_Y[-1])
    return vertices[:, 2] - curve(y)


def split_parts(base: BaseMesh) -> Parts:
    """Tell skin, mouth cavity and eye sockets apart: each is an island of the base mesh's texture map."""
    body = base.groups == "body"
    quads, texture = base.quads[body], base.texture_quads[body]
    edges = np.concatenate([texture[:, [k, (k + 1) % 4]] for k in range(4)])
    size = len(base.texture)
    graph = sp.coo_matrix((np.ones(len(edges)), (edges[:, 0], edges[:, 1])), shape=(size, size))
    island = connected_components(graph, directed=False)[1][texture[:, 0]]
    vertices = to_model_frame(base.vertices)
    names: dict[str, list[int]] = {"skin": [], "mouth": [], "sockets": []}
    for label in np.unique(island):
        points = vertices[np.unique(quads[island == label])]
        low, high = points.min(0), points.max(0)
        inside_head = low[1] > -90 and high[1] < 70 and low[2] > -110
        one_sided = low[0] * high[0] > 0
        part = ("sockets" if one_sided else "mouth") if inside_head else "skin"
        names[part].append(int(label))
    if len(names["mouth"]) != 1 or len(names["sockets"]) != 2:
        raise ValueError(f"the texture islands of the base mesh are not those of hm08: {names}")
    picked = {name: quads[np.isin(island, labels)] for name, labels in names.items()}
    return Parts(**picked)


def keep_rings(quads: NDArray[np.int64], rim: NDArray[np.int64], rings: int) -> tuple[NDArray[np.int64], set[int]]:
    """Return the quads within ``rings`` rings of the rim vertices, and the vertices of the last ring kept."""
    reached = {int(i) for i in rim}
    kept = np.zeros(len(quads), dtype=bool)
    last: set[int] = set(reached)
    for _ in range(rings):
        touching = np.isin(quads, list(reached)).any(1)
        kept |= touching
        last = {int(i) for i in np.unique(quads[touching])} - reached
        reached |= last
    return quads[kept], last


def boundary_cycle(quads: NDArray[np.int64], among: set[int]) -> list[int]:
    """Return the one closed boundary loop that runs over the given vertices, in the direction of its quads."""
    edges = {(int(q[k]), int(q[(k + 1) % 4])) for q in quads for k in range(4)}
    following = {a: b for a, b in edges if (b, a) not in edges and a in among and b in among}
    start = min(following)
    cycle = [start]
    while following[cycle[-1]] != start:
        cycle.append(following[cycle[-1]])
    return cycle


def close_loop(cycle: list[int], mirror: NDArray[np.int64]) -> list[list[int]]:
    """Close a mirror-symmetric loop by a curtain of quads between its upper and its lower half.

    Args:
        cycle: the loop in the direction of the faces around the hole, with one midline vertex above and one below and
            an even number of vertices between them on each side; the curtain's faces run against it.
        mirror: (N,) mirror map; a midline vertex is its own image.
    """
    start = next(k for k, vertex in enumerate(cycle) if mirror[vertex] == vertex)
    turned = cycle[start:] + cycle[:start]
    half = len(cycle) // 2
    if len(cycle) % 2 or half % 2 == 0 or mirror[turned[half]] != turned[half]:
        raise ValueError(f"a loop of {len(cycle)} vertices does not pair up above and below")
    faces: list[list[int]] = []
    for k in range(half // 2):
        faces.append([turned[k + 1], turned[k], turned[half - k], turned[half - k - 1]])
        faces.append([turned[-k], turned[-k - 1], turned[half + k + 1], turned[half + k]])
    return faces


def eyeball(base: BaseMesh, group: str) -> tuple[list[list[int]], NDArray[np.float64], NDArray[np.int64]]:
    """Build a cap of rings around the gaze axis, each vertex an affine combination of the helper eyeball's vertices.

    The weights reproduce every affine motion of the helper eye, so that the cap turns, moves and grows with it.

    Returns:
        Polygons over the cap's own vertices, (P, K) weights, and the K helper vertices that they weigh.
    """
    helper = np.unique(base.quads[base.groups == group])
    points = to_model_frame(base.vertices)[helper]
    centre = (points.min(0) + points.max(0)) / 2
    radius = float(np.median(np.linalg.norm(points - centre, axis=1)))
    tilt, turn = np.radians(EYE_ANGLES[1:]), np.arange(EYE_SECTORS) * 2 * np.pi / EYE_SECTORS
    if group == EYE_GROUPS[1]:
        turn = np.pi - turn  # the right eye is the mirror image of the left one, vertex by vertex
    ring = np.stack(
        [
            np.outer(np.sin(tilt), np.cos(turn)),
            np.outer(np.sin(tilt), np.sin(turn)),
            np.outer(np.cos(tilt), turn * 0 + 1),
        ],
        -1,
    )
    cap = centre + radius * np.concatenate([[[0.0, 0.0, 1.0]], ring.reshape(-1, 3)])
    affine = np.concatenate([points - centre, np.ones((len(points), 1))], 1)
    wanted = np.concatenate([cap - centre, np.ones((len(cap), 1))], 1)
    weights = wanted @ np.linalg.pinv(affine)

    index = 1 + np.arange(len(tilt))[:, None] * EYE_SECTORS + np.arange(EYE_SECTORS)
    after = np.roll(index, -1, axis=1)
    faces = [[0, int(a), int(b)] for a, b in zip(index[0], after[0], strict=True)]
    for k in range(len(tilt) - 1):
        faces += [
            [int(index[k, s]), int(index[k + 1, s]), int(after[k + 1, s]), int(after[k, s])] for s in range(EYE_SECTORS)
        ]
    if group == EYE_GROUPS[1]:
        faces = [face[::-1] for face in faces]
    return faces, weights, helper


def face_mesh(base: BaseMesh, mean: NDArray[np.float64]) -> PolygonMesh:
    """Return the face as polygons over fixed combinations of the base mesh's vertices.

    Args:
        base: the MakeHuman base mesh.
        mean: (N, 3) the mean shape in the model frame, on which the border is drawn.
    """
    parts = split_parts(base)
    skin_vertices = np.unique(parts.skin)
    mouth, last = keep_rings(parts.mouth, np.intersect1d(parts.mouth, skin_vertices), MOUTH_RINGS)
    curtain = close_loop(boundary_cycle(mouth, last), base.mirror)
    inner = as_table([*mouth, *curtain])
    field = border_field(mean)
    field[np.unique(inner[inner >= 0])] = 100.0
    skin = crop(np.concatenate([parts.skin, inner]), field, base.mirror)
    return _largest_piece(_with_eyeballs(base, skin))


def _with_eyeballs(base: BaseMesh, skin: PolygonMesh) -> PolygonMesh:
    count = skin.operator.shape[0]
    polygons, operators, mirrors = [skin.polygons], [skin.operator], [skin.mirror]
    built = [eyeball(base, group) for group in EYE_GROUPS]
    size = built[0][1].shape[0]
    for number, (faces, weights, helper) in enumerate(built):
        start = count + number * size
        table = as_table(faces)
        polygons.append(np.where(table >= 0, table + start, -1))
        block = sp.lil_matrix((size, len(base.vertices)))
        block[:, helper] = weights
        operators.append(block.tocsr())
        mirrors.append(count + (1 - number) * size + np.arange(size))
    return PolygonMesh(np.concatenate(polygons), sp.vstack(operators).tocsr(), np.concatenate(mirrors))


def _largest_piece(mesh: PolygonMesh) -> PolygonMesh:
    """Drop stray pieces of skin that the border cut off; keep the eyeballs, which are pieces of their own."""
    table = mesh.polygons
    pairs = np.concatenate([table[:, [0, k]] for k in (1, 2, 3)])
    pairs = pairs[pairs[:, 1] >= 0]
    size = mesh.operator.shape[0]
    graph = sp.coo_matrix((np.ones(len(pairs)), (pairs[:, 0], pairs[:, 1])), shape=(size, size))
    piece = connected_components(graph, directed=False)[1]
    largest = np.bincount(piece).argmax()
    eyeballs = piece[-2 * (1 + (len(EYE_ANGLES) - 1) * EYE_SECTORS) :]
    keep = np.isin(piece, [largest, *np.unique(eyeballs)])
    return compact(PolygonMesh(table[keep[table[:, 0]]], mesh.operator, mesh.mirror))
