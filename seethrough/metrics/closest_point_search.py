"""Compiled search of a tree of boxes for the closest point of a triangle mesh, nearer branch first."""

from __future__ import annotations

import numba
import numpy as np

STACK = 128
"""Branches that wait at most: twice the depth that any mesh which fits in memory needs."""


@numba.njit(cache=True)
def _box_distance(x, y, z, low, high, node):
    dx = max(low[node, 0] - x, 0.0, x - high[node, 0])
    dy = max(low[node, 1] - y, 0.0, y - high[node, 1])
    dz = max(low[node, 2] - z, 0.0, z - high[node, 2])
    return dx * dx + dy * dy + dz * dz


@numba.njit(cache=True)
def _along(px, py, pz, edge):
    """Return how far along an edge from the origin its point closest to p lies, from 0 to 1."""
    length = edge[0] * edge[0] + edge[1] * edge[1] + edge[2] * edge[2]
    if length <= 0.0:
        return 0.0
    return min(max((px * edge[0] + py * edge[1] + pz * edge[2]) / length, 0.0), 1.0)


@numba.njit(cache=True)
def _in_triangle(x, y, z, frame, bound):
    """Return (squared distance, second, third barycentric weight), or infinity where it is not below ``bound``."""
    px, py, pz = x - frame[0, 0], y - frame[0, 1], z - frame[0, 2]
    normal = frame[3]
    height = px * normal[0] + py * normal[1] + pz * normal[2]
    if height * height >= bound:
        return np.inf, 0.0, 0.0
    if normal[0] != 0.0 or normal[1] != 0.0 or normal[2] != 0.0:
        s = px * frame[4, 0] + py * frame[4, 1] + pz * frame[4, 2]
        t = px * frame[5, 0] + py * frame[5, 1] + pz * frame[5, 2]
        if s >= 0.0 and t >= 0.0 and s + t <= 1.0:
            return height * height, s, t
    best, best_s, best_t = np.inf, 0.0, 0.0
    u, v, w = frame[1], frame[2], frame[6]
    for edge in range(3):
        if edge == 0:
            s, t = _along(px, py, pz, u), 0.0
        elif edge == 1:
            s, t = 0.0, _along(px, py, pz, v)
        else:
            t = _along(px - u[0], py - u[1], pz - u[2], w)
            s = 1.0 - t
        dx = px - s * u[0] - t * v[0]
        dy = py - s * u[1] - t * v[1]
        dz = pz - s * u[2] - t * v[2]
        squared = dx * dx + dy * dy + dz * dz
        if squared < best:
            best, best_s, best_t = squared, s, t
    return best, best_s, best_t


@numba.njit(cache=True)
def search(points, places, clearances, low, high, first, count, order, frames):
    """Return what is closest to each point; arguments after ``clearances`` are the arrays of a tree.

    Args:
        points: (N, 3).
        places: (N,) where in the order of the leaves to look first; -1 for where the point before was found.
        clearances: (N,) how far all triangles but that first one are away at least; 0 where that is not known.
        low: see :class:`~seethrough.metrics.triangle_tree.TriangleTree`, as all that follow.
        high: likewise.
        first: likewise.
        count: likewise.
        order: likewise.
        frames: likewise.

    Returns:
        (N,) squared distances, (N, 3) closest points, (N,) triangles of the mesh, (N, 3) barycentric weights, (N,)
        how far all other triangles are away at least.
    """
    total = len(points)
    squared, found, cleared = np.empty(total), np.empty((total, 3)), np.empty(total)
    triangles, weights = np.empty(total, np.int64), np.empty((total, 3))
    stack, distance_of = np.empty(STACK, np.int64), np.empty(STACK)
    place = 0
    for i in range(total):
        x, y, z = points[i, 0], points[i, 1], points[i, 2]
        if places[i] >= 0:
            place = places[i]
        best, best_s, best_t = _in_triangle(x, y, z, frames[place], np.inf)
        # Where nothing else comes so close the tree need not be asked.
        known = np.sqrt(best) < clearances[i]
        second = np.inf
        top = 0 if known else 1
        stack[0], distance_of[0] = 0, _box_distance(x, y, z, low, high, 0)
        while top > 0:
            top -= 1
            if distance_of[top] >= second:
                continue
            node = stack[top]
            if count[node] > 0:
                for k in range(first[node], first[node] + count[node]):
                    if k == place:
                        continue
                    distance, s, t = _in_triangle(x, y, z, frames[k], second)
                    if distance < best:
                        second = best
                        best, best_s, best_t, place = distance, s, t, k
                    elif distance < second:
                        second = distance
                continue
            near, far = first[node], first[node] + 1
            near_distance = _box_distance(x, y, z, low, high, near)
            far_distance = _box_distance(x, y, z, low, high, far)
            if far_distance < near_distance:
                near, far = far, near
                near_distance, far_distance = far_distance, near_distance
            if far_distance < second:
                stack[top], distance_of[top] = far, far_distance
                top += 1
            if near_distance < second:
                stack[top], distance_of[top] = near, near_distance
                top += 1
        squared[i] = best
        cleared[i] = clearances[i] if known else np.sqrt(second)
        triangles[i] = order[place]
        weights[i, 0], weights[i, 1], weights[i, 2] = max(1.0 - best_s - best_t, 0.0), best_s, best_t
        for axis in range(3):
            frame = frames[place]
            found[i, axis] = frame[0, axis] + best_s * frame[1, axis] + best_t * frame[2, axis]
    return squared, found, triangles, weights, cleared
