"""Compiled building of a tree of boxes over the triangles of a mesh."""

from __future__ import annotations

import numba
import numpy as np

LEAF = 4
"""Triangles of a leaf at most."""


@numba.njit(cache=True)
def split(corners):
    """Halve a mesh again and again across its longer side, with as many triangles on either side.

    Args:
        corners: (T, 3, 3) of its triangles.

    Returns:
        low, high, first, count, order: see :class:`~seethrough.metrics.triangle_tree.TriangleTree`.
    """
    total = len(corners)
    order, centres = np.arange(total), _centres(corners)
    first, count = np.zeros(2 * total, np.int64), np.zeros(2 * total, np.int64)
    begin, end = np.zeros(2 * total, np.int64), np.zeros(2 * total, np.int64)
    end[0] = total
    nodes, node = 1, 0
    while node < nodes:
        b, e = begin[node], end[node]
        if e - b <= LEAF:
            first[node], count[node] = b, e - b
        else:
            middle = (b + e) // 2
            _select(order, centres, _longest_axis(centres, b, e), b, e, middle)
            first[node] = nodes
            begin[nodes], end[nodes] = b, middle
            begin[nodes + 1], end[nodes + 1] = middle, e
            nodes += 2
        node += 1
    first, count = first[:nodes].copy(), count[:nodes].copy()
    low, high = _boxes(corners, order, first, count)
    return low, high, first, count, order


@numba.njit(cache=True)
def _centres(corners):
    centres = np.empty((len(corners), 3))
    for t in range(len(corners)):
        for axis in range(3):
            a, b, c = corners[t, 0, axis], corners[t, 1, axis], corners[t, 2, axis]
            centres[t, axis] = 0.5 * (min(a, b, c) + max(a, b, c))
    return centres


@numba.njit(cache=True)
def _longest_axis(centres, begin, end):
    x_low = y_low = z_low = np.inf
    x_high = y_high = z_high = -np.inf
    for k in range(begin, end):
        x, y, z = centres[k, 0], centres[k, 1], centres[k, 2]
        x_low, y_low, z_low = min(x_low, x), min(y_low, y), min(z_low, z)
        x_high, y_high, z_high = max(x_high, x), max(y_high, y), max(z_high, z)
    x, y, z = x_high - x_low, y_high - y_low, z_high - z_low
    if z > x and z > y:
        return 2
    return 1 if y > x else 0


@numba.njit(cache=True)
def _select(order, centres, axis, begin, end, middle):
    """Reorder a part of both until what is before ``middle`` lies no further along the axis than the rest."""
    low, high = begin, end - 1
    while low < high:
        pivot = centres[(low + high) // 2, axis]
        i, j = low, high
        while i <= j:
            while centres[i, axis] < pivot:
                i += 1
            while centres[j, axis] > pivot:
                j -= 1
            if i <= j:
                order[i], order[j] = order[j], order[i]
                for other in range(3):
                    centres[i, other], centres[j, other] = centres[j, other], centres[i, other]
                i += 1
                j -= 1
        if middle <= j:
            high = j
        elif middle >= i:
            low = i
        else:
            return


@numba.njit(cache=True)
def _boxes(corners, order, first, count):
    """Return lower and upper corners (M, 3) of the boxes, from the leaves up: children come after their parent."""
    low, high = np.full((len(first), 3), np.inf), np.full((len(first), 3), -np.inf)
    for node in range(len(first) - 1, -1, -1):
        for k in range(first[node], first[node] + (count[node] if count[node] > 0 else 2)):
            for axis in range(3):
                if count[node] > 0:
                    a, b, c = corners[order[k], 0, axis], corners[order[k], 1, axis], corners[order[k], 2, axis]
                    lowest, highest = min(a, b, c), max(a, b, c)
                else:
                    lowest, highest = low[k, axis], high[k, axis]
                low[node, axis], high[node, axis] = min(low[node, axis], lowest), max(high[node, axis], highest)
    return low, high


@numba.njit(cache=True)
def frames_of(corners, order):
    """Return (T, 7, 3) frames of the triangles in an order.

    See :class:`~seethrough.metrics.triangle_tree.TriangleTree`.
    """
    frames = np.empty((len(order), 7, 3))
    for k in range(len(order)):
        frame = frames[k]
        frame[0] = corners[order[k], 0]
        u, v, normal = frame[1], frame[2], frame[3]
        for axis in range(3):
            u[axis] = corners[order[k], 1, axis] - frame[0, axis]
            v[axis] = corners[order[k], 2, axis] - frame[0, axis]
            frame[6, axis] = v[axis] - u[axis]
        normal[0], normal[1], normal[2] = (
            u[1] * v[2] - u[2] * v[1],
            u[2] * v[0] - u[0] * v[2],
            u[0] * v[1] - u[1] * v[0],
        )
        squared, uu, vv, uv = _dot(normal, normal), _dot(u, u), _dot(v, v), _dot(u, v)
        # A needle so thin that its plane is only rounding is searched as its three edges.
        if squared <= 1e-24 * max(uu, vv) ** 2:
            frame[3:6] = 0.0
            continue
        # The squared area is u u v v - (u v)^2, too, but needles lose all digits of that.
        length = np.sqrt(squared)
        for axis in range(3):
            normal[axis] /= length
            frame[4, axis] = (u[axis] * vv - v[axis] * uv) / squared
            frame[5, axis] = (v[axis] * uu - u[axis] * uv) / squared
    return frames


@numba.njit(cache=True)
def _dot(a, b):
    return a[0] * b[0] + a[1] * b[1] + a[2] * b[2]
