"""Triangles of a mesh that pass through one another, found by a grid of cells."""

from __future__ import annotations

import numba
import numpy as np

_MOST_CELLS = 192  # along a side of the grid


def self_intersections(vertices: np.ndarray, triangles: np.ndarray, among: np.ndarray | None = None) -> np.ndarray:
    """Return (N, 2) pairs of triangles without a common corner of which an edge of one crosses the other.

    Triangles that lie in one plane do not cross. Cells are as wide as nearly all triangles, so that the time grows
    with the number of triangles on an even mesh.

    Args:
        vertices: (V, 3).
        triangles: (T, 3).
        among: (T,) bool, only pairs with one of these; None for all pairs. A few take a small part of the time.
    """
    if not len(triangles) or (among is not None and not among.any()):
        return np.empty((0, 2), dtype=np.int64)
    vertices = np.ascontiguousarray(vertices, dtype=np.float64)
    triangles = np.ascontiguousarray(triangles, dtype=np.int64)
    low, high, sides = _bounds(vertices, triangles)
    start, end = (np.array([pick(bound[:, k]) for k in range(3)]) for pick, bound in ((np.min, low), (np.max, high)))
    width = max(float(np.percentile(sides, 90)), float((end - start).max()) / _MOST_CELLS, 1e-9)
    first, last = _cells(low, start, width), _cells(high, start, width)
    shape = _cells(end[None], start, width)[0] + 1
    kept, wanted = np.arange(len(triangles)), np.ones(len(triangles), dtype=np.bool_)
    if among is not None:
        kept = np.flatnonzero(_near(first, last, shape, among))
        first, last, low, high, triangles, wanted = (each[kept] for each in (first, last, low, high, triangles, among))
    begins, members = _filled(first, last, shape)
    pairs = _search(begins, members, vertices, triangles, low, high, first, shape, wanted)
    return kept[np.asarray(pairs, dtype=np.int64).reshape(-1, 2)]


def crossing(vertices: np.ndarray, triangles: np.ndarray, pairs: np.ndarray) -> np.ndarray:
    """Return (N,) bool: (N, 2) pairs of triangles of which an edge of one crosses the other."""
    found = np.zeros(len(pairs), dtype=np.bool_)
    _cross(np.asarray(vertices[triangles[pairs]], dtype=np.float64), found)
    return found


@numba.njit(nogil=True, cache=True)
def _bounds(vertices, triangles):
    """Return lower and upper corner (T, 3) of the box of each triangle, and the longest side (T,) of the box."""
    low, high, sides = np.empty((len(triangles), 3)), np.empty((len(triangles), 3)), np.zeros(len(triangles))
    for t in range(len(triangles)):
        for axis in range(3):
            a, b, c = (
                vertices[triangles[t, 0], axis],
                vertices[triangles[t, 1], axis],
                vertices[triangles[t, 2], axis],
            )
            low[t, axis], high[t, axis] = min(a, b, c), max(a, b, c)
            sides[t] = max(sides[t], high[t, axis] - low[t, axis])
    return low, high, sides


@numba.njit(nogil=True, cache=True)
def _cells(places, start, width):
    """Return (N, 3) numbers of the cells that (N, 3) places lie in."""
    cells = np.empty(places.shape, np.int64)
    for n in range(len(places)):
        for axis in range(3):
            cells[n, axis] = np.int64(np.floor((places[n, axis] - start[axis]) / width))
    return cells


@numba.njit(nogil=True, cache=True)
def _near(first, last, shape, among):
    """Return which triangles reach into a cell that one of some reaches into, too."""
    reached = np.zeros(shape[0] * shape[1] * shape[2], np.bool_)
    near = among.copy()
    for t in range(len(first)):
        if among[t]:
            for i in range(first[t, 0], last[t, 0] + 1):
                for j in range(first[t, 1], last[t, 1] + 1):
                    for k in range(first[t, 2], last[t, 2] + 1):
                        reached[(i * shape[1] + j) * shape[2] + k] = True
    for t in range(len(first)):
        for i in range(first[t, 0], last[t, 0] + 1):
            for j in range(first[t, 1], last[t, 1] + 1):
                for k in range(first[t, 2], last[t, 2] + 1):
                    near[t] |= reached[(i * shape[1] + j) * shape[2] + k]
    return near


@numba.njit(nogil=True, cache=True)
def _filled(first, last, shape):
    """Return where each cell's triangles begin in a list of them, with the end of the last, and the list."""
    begins = np.zeros(shape[0] * shape[1] * shape[2] + 1, np.int32)
    for t in range(len(first)):
        for i in range(first[t, 0], last[t, 0] + 1):
            for j in range(first[t, 1], last[t, 1] + 1):
                for k in range(first[t, 2], last[t, 2] + 1):
                    begins[(i * shape[1] + j) * shape[2] + k] += 1
    total = 0
    for cell in range(len(begins)):
        total += begins[cell]
        begins[cell] = total
    # Filled from the last triangle down, each cell's part from its end.
    members = np.empty(total, np.int32)
    for t in range(len(first) - 1, -1, -1):
        for i in range(first[t, 0], last[t, 0] + 1):
            for j in range(first[t, 1], last[t, 1] + 1):
                for k in range(first[t, 2], last[t, 2] + 1):
                    cell = (i * shape[1] + j) * shape[2] + k
                    begins[cell] -= 1
                    members[begins[cell]] = t
    return begins, members


@numba.njit(nogil=True, cache=True)
def _search(begins, members, vertices, triangles, low, high, first, shape, wanted):
    found = [(np.int64(0), np.int64(0)) for _ in range(0)]
    for cell in range(len(begins) - 1):
        end = begins[cell + 1]
        for p in range(begins[cell], end - 1):
            a = members[p]
            for q in range(p + 1, end):
                b = members[q]
                apart, home = not (wanted[a] or wanted[b]), np.int64(0)
                # Without branches, which nothing could foretell: half of the boxes are apart.
                for axis in range(3):
                    apart |= (low[a, axis] > high[b, axis]) | (low[b, axis] > high[a, axis])
                    # Of the cells that two triangles share, the one where their boxes begin to overlap looks at them.
                    home = home * shape[axis] + max(first[a, axis], first[b, axis])
                if apart or home != cell or _touch(triangles, a, b):
                    continue
                one, other = vertices[triangles[a]], vertices[triangles[b]]
                if _pierces(one, other) or _pierces(other, one):
                    found.append((min(a, b), max(a, b)))
    return found


@numba.njit(nogil=True, cache=True)
def _cross(corners, found):
    for n in range(len(corners)):
        found[n] = _pierces(corners[n, 0], corners[n, 1]) or _pierces(corners[n, 1], corners[n, 0])


@numba.njit(nogil=True, cache=True)
def _touch(triangles, a, b):
    for i in range(3):
        for j in range(3):
            if triangles[a, i] == triangles[b, j]:
                return True
    return False


@numba.njit(nogil=True, cache=True)
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


@numba.njit(nogil=True, cache=True)
def _volume(a, b, c, d):
    ux, uy, uz = b[0] - a[0], b[1] - a[1], b[2] - a[2]
    vx, vy, vz = c[0] - a[0], c[1] - a[1], c[2] - a[2]
    wx, wy, wz = d[0] - a[0], d[1] - a[1], d[2] - a[2]
    return ux * (vy * wz - vz * wy) + uy * (vz * wx - vx * wz) + uz * (vx * wy - vy * wx)
