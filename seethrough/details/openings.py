"""Closing the eyes and the mouth of a face mesh, so that its depth has no holes inside the face."""

from __future__ import annotations

from weakref import WeakKeyDictionary

import numpy as np
import torch
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import dijkstra
from torch import Tensor

from seethrough.morphable.face_model import FaceModel

LARGEST_OPENING = 0.5
"""A border that spans more of the mesh's diagonal than this is the outline of the face, not an opening in it."""

_INNER_LIP = (60, 67, 66, 65, 64, 63, 62, 61)  # counter-clockwise seen by the viewer
_UPPER_MIDDLE, _LOWER_MIDDLE = 62, 66
_APART, _TOUCHING_MM = 3.0, 5.0  # lips that the mesh joins by a way so much longer than the gap are two surfaces

_known: WeakKeyDictionary[FaceModel, Tensor] = WeakKeyDictionary()


def closed_triangles(model: FaceModel) -> Tensor:
    """Return the triangles of a face model with its openings filled: (T + N, 3) int32, the model's own first.

    Eyes, and a mouth that is a hole in the mesh, are filled with triangles between the vertices of their borders; a
    mouth whose lips lead into a modelled cavity is sealed between the inner lips. The outline of the face stays open.
    Computed once a model.
    """
    if model not in _known:
        own = model.triangles.cpu().numpy()
        vertices = model.mean.cpu().numpy().astype(np.float64)
        seal = seal_lips(vertices, own, model.landmarks.cpu().numpy())
        filling = np.concatenate([own, fill_openings(vertices, own), seal])
        _known[model] = torch.from_numpy(filling.astype(np.int32))
    return _known[model].to(model.triangles.device)


def fill_openings(vertices: np.ndarray, triangles: np.ndarray) -> np.ndarray:
    """Return (N, 3) triangles over the existing vertices that fill a mesh's openings, oriented like their neighbours.

    Each opening gets the filling of the shortest edges (dynamic programming over the border, Barequet and Sharir 1995,
    with squared edge length in place of area), which joins the two lids or lips straight across, even where they touch.

    Args:
        vertices: (V, 3) mm; used to choose what is an opening and how to fill it.
        triangles: (T, 3), counter-clockwise seen from outside.
    """
    used = vertices[np.unique(triangles)]
    diagonal = np.linalg.norm(used.max(0) - used.min(0))
    parts = [np.empty((0, 3), dtype=np.int64)]
    for loop in boundary_loops(triangles):
        border = vertices[loop]
        if np.linalg.norm(border.max(0) - border.min(0)) <= LARGEST_OPENING * diagonal:
            parts.append(np.asarray(loop)[_shortest_filling(border)])
    return np.concatenate(parts)


def seal_lips(vertices: np.ndarray, triangles: np.ndarray, landmarks: np.ndarray) -> np.ndarray:
    """Return (N, 3) triangles between the inner lips of a mesh, facing the viewer; none where the lips are one surface.

    The seal's border runs along the mesh's edges through the landmarks of the inner lip.

    Args:
        vertices: (V, 3) mm, model frame.
        triangles: (T, 3).
        landmarks: (68,) vertex indices, iBUG order.
    """
    ends = np.concatenate([triangles[:, [0, 1]], triangles[:, [1, 2]], triangles[:, [2, 0]]]).astype(np.int64)
    ends = np.unique(np.sort(ends, axis=1), axis=0)
    lengths = np.linalg.norm(vertices[ends[:, 0]] - vertices[ends[:, 1]], axis=1)
    mesh = coo_matrix((np.maximum(lengths, 1e-9), (ends[:, 0], ends[:, 1])), shape=(len(vertices),) * 2).tocsr()
    around = landmarks[list(_INNER_LIP)]
    distance, before = dijkstra(mesh, directed=False, indices=around, return_predecessors=True)
    upper, lower = landmarks[_UPPER_MIDDLE], landmarks[_LOWER_MIDDLE]
    gap = np.linalg.norm(vertices[upper] - vertices[lower])
    if not distance[_INNER_LIP.index(_UPPER_MIDDLE), lower] > _APART * gap + _TOUCHING_MM:
        return np.empty((0, 3), dtype=np.int64)
    loop: list[int] = []
    for k, start in enumerate(around):
        here = int(around[(k + 1) % len(around)])
        path = []
        while here != start and here >= 0:
            here = int(before[k, here])
            path.append(here)
        if here < 0:
            return np.empty((0, 3), dtype=np.int64)  # the lips do not hang together
        loop += path[::-1]
    loop = list(dict.fromkeys(loop))
    return np.asarray(loop)[_shortest_filling(vertices[loop])] if len(loop) >= 3 else np.empty((0, 3), dtype=np.int64)


def boundary_loops(triangles: np.ndarray) -> list[list[int]]:
    """Return the closed borders of a mesh, each a list of vertices in the order in which a filling runs around them.

    That is against the direction of the triangles at the border. Where several borders touch in a vertex they are
    walked apart so that no loop passes a vertex twice.
    """
    count = int(triangles.max(initial=0)) + 1
    return closed_loops(np.sort(edge_keys(triangles, count)), count)


def edge_keys(triangles: np.ndarray, count: int) -> np.ndarray:
    """Return (3 T,) numbers of the edges 01, 12, 20 of all triangles among ``count`` vertices.

    Edges between the same vertices are side by side when they are sorted: they differ in the last bit, which is set for
    those that run backwards.
    """
    start = triangles.T.astype(np.int64).ravel()
    end = triangles[:, [1, 2, 0]].T.astype(np.int64).ravel()
    return (np.minimum(start, end) * count + np.maximum(start, end)) * 2 + (start > end)


def closed_loops(keys: np.ndarray, count: int) -> list[list[int]]:
    """Return the borders along those of the sorted :func:`edge_keys` that are passed in one direction only."""
    if not len(keys):
        return []
    new = keys[1:] >> 1 != keys[:-1] >> 1
    first, last = keys[np.r_[True, new]], keys[np.r_[new, True]]
    low, high = np.divmod(first[first == last] >> 1, count)
    backwards = first[first == last] & 1 == 1
    open_edges = np.stack([np.where(backwards, high, low), np.where(backwards, low, high)], axis=1)
    ahead: dict[int, list[int]] = {}
    for start, end in open_edges[np.lexsort(open_edges.T[::-1])].tolist():
        ahead.setdefault(end, []).append(start)
    loops = []
    while ahead:
        path = [next(iter(ahead))]
        place = {path[0]: 0}
        while path[-1] in ahead:
            here = path[-1]
            following = ahead[here].pop()
            if not ahead[here]:
                del ahead[here]
            if following in place:  # a loop is closed; what led to it goes on from there
                start = place[following]
                loops.append(path[start:])
                for vertex in path[start + 1 :]:
                    del place[vertex]
                del path[start + 1 :]
            else:
                place[following] = len(path)
                path.append(following)
    return [loop for loop in loops if len(loop) >= 3]


def _shortest_filling(border: np.ndarray) -> np.ndarray:
    """Return (N - 2, 3) positions in a closed border of N points that triangulate it with the shortest inner edges."""
    count = len(border)
    length = ((border[:, None] - border[None]) ** 2).sum(-1)
    cost = np.zeros((count, count))
    middle = np.zeros((count, count), dtype=np.int64)
    for gap in range(2, count):
        starts = np.arange(count - gap)
        ends = starts + gap
        between = starts[:, None] + np.arange(1, gap)[None]
        total = cost[starts[:, None], between] + cost[between, ends[:, None]]
        best = total.argmin(1)
        middle[starts, ends] = starts + 1 + best
        cost[starts, ends] = total[np.arange(len(starts)), best] + length[starts, ends]
    triangles, waiting = [], [(0, count - 1)]
    while waiting:
        start, end = waiting.pop()
        if end - start < 2:
            continue
        split = int(middle[start, end])
        triangles.append((start, split, end))
        waiting += [(start, split), (split, end)]
    return np.array(triangles, dtype=np.int64)
