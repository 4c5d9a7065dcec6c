"""Triangles of a mesh that pass through one another, found by a grid of cells."""

from __future__ import annotations

import numba
import numpy as np


def self_intersections(vertices: np.ndarray, triangles: np.ndarray) -> np.ndarray:
    """Return (N, 2) pairs of triangles without a common corner of which an edge of one crosses the other.

    Triangles that lie in one plane do not cross. Cells are as wide as nearly all triangles, so that the time grows
    with the number of triangles on an even mesh.

    Args:
        vertices: (V, 3).
        triangles: (T, 3).
    """
    corners = np.ascontiguousarray(vertices[triangles], dtype=np.float64)
    if not len(corners):
        return np.empty((0, 2), dtype=np.int64)
    low, high = corners.min(1), corners.max(1)
    width = max(float(np.percentile((high - low).max(1), 90)), 1e-9)
    origin = low.min(0)
    first, last = ((bound - origin) // width for bound in (low, high))
    first, last = first.astype(np.int64), last.astype(np.int64)
    counts = (last - first + 1).prod(1)
    shape = last.max(0) + 1
    cells, members = np.empty(counts.sum(), np.int64), np.empty(counts.sum(), np.int64)
    _fill(first, last, shape, cells, members)
    order = np.argsort(cells, kind="stable")
    pairs = _search(cells[order], members[order], corners, triangles.astype(np.int64), low, high, first, shape)
    return np.asarray(pairs, dtype=np.int64).reshape(-1, 2)


@numba.njit(cache=True)
def _fill(first, last, shape, cells, members):
    n = 0
    for t in range(len(first)):
        for i in range(first[t, 0], last[t, 0] + 1):
            for j in range(first[t, 1], last[t, 1] + 1):
                for k in range(first[t, 2], last[t, 2] + 1):
                    cells[n] = (i * shape[1] + j) * shape[2] + k
                    members[n] = t
                    n += 1


@numba.njit(cache=True)
def _search(cells, members, corners, triangles, low, high, first, shape):
    found = [(np.int64(0), np.int64(0)) for _ in range(0)]
    start = 0
    while start < len(cells):
        end = start + 1
        while end < len(cells) and cells[end] == cells[start]:
            end += 1
        for p in range(start, end):
            a = members[p]
            for q in range(p + 1, end):
                b = members[q]
                apart, home = False, np.int64(0)
                for axis in range(3):
                    apart = apart or low[a, axis] > high[b, axis] or low[b, axis] > high[a, axis]
                    # Of the cells that two triangles share, the one where their boxes begin to overlap looks at them.
                    home = home * shape[axis] + max(first[a, axis], first[b, axis])
                if apart or home != cells[start] or _touch(triangles, a, b):
                    continue
                if _pierces(corners[a], corners[b]) or _pierces(corners[b], corners[a]):
                    found.append((min(a, b), max(a, b)))
        start = end
    return found


@numba.njit(cache=True)
def _touch(triangles, a, b):
    for i in range(3):
        for j in range(3):
            if triangles[a, i] == triangles[b, j]:
                return True
    return False


@numba.njit(cache=True)
def _pierces(edges, wall):
    """Return whether an edge of the first triangle crosses the second (signed volumes).

    What reaches beyond the plane by less than a ten-millionth of the triangle's size does so by rounding.
    """
    ux, uy, uz = wall[1, 0] - wall[0, 0], wall[1, 1] - wall[0, 1], wall[1, 2] - wall[0, 2]
    vx, vy, vz = wall[2, 0] - wall[0, 0], wall[2, 1] - wall[0, 1], wall[2, 2] - wall[0, 2]
    nx, ny, nz = uy * vz - uz * vy, uz * vx - ux * vz, ux * vy - uy * vx
    least = 1e-7 * (nx * nx + ny * ny + nz * nz) ** 0.75
    for k in range(3):
        s, e = edges[k], edges[(k + 1) % 3]
        before = nx * (s[0] - wall[0, 0]) + ny * (s[1] - wall[0, 1]) + nz * (s[2] - wall[0, 2])
        behind = nx * (e[0] - wall[0, 0]) + ny * (e[1] - wall[0, 1]) + nz * (e[2] - wall[0, 2])
        if not ((before > least and behind < -least) or (before < -least and behind > least)):
            continue
        a = _volume(s, e, wall[0], wall[1])
        b = _volume(s, e, wall[1], wall[2])
        c = _volume(s, e, wall[2], wall[0])
        if (a > 0 and b > 0 and c > 0) or (a < 0 and b < 0 and c < 0):
            return True
    return False


@numba.njit(cache=True)
def _volume(a, b, c, d):
    ux, uy, uz = b[0] - a[0], b[1] - a[1], b[2] - a[2]
    vx, vy, vz = c[0] - a[0], c[1] - a[1], c[2] - a[2]
    wx, wy, wz = d[0] - a[0], d[1] - a[1], d[2] - a[2]
    return ux * (vy * wz - vz * wy) + uy * (vz * wx - vx * wz) + uz * (vx * wy - vy * wx)
