"""Gradient of visibility from pairs of neighbouring pixels (rasterized edge gradients, arXiv 2405.02508)."""

from __future__ import annotations

import numpy as np
from numba import njit

GOES_ON, BREAKS_OFF, LIES_BELOW = 0, 1, 2
MOST_STEPS = 64  # triangles that one pixel's width can reasonably cross


@njit(nogil=True, cache=True, error_model="numpy")
def _corners_touch(triangles, ta, tb):
    """Count the vertices that two triangles share."""
    shared = 0
    for j in range(3):
        for k in range(3):
            if triangles[ta, j] == triangles[tb, k]:
                shared += 1
    return shared


@njit(nogil=True, cache=True, error_model="numpy")
def _walk(clip, triangles, neighbours, start, goal, goal_depth, x, y, width, height, axis, direction):
    """Walk over the surface from the centre of pixel (x, y) to the next one, from triangle to triangle.

    Returns ``GOES_ON`` if the walk arrives at the triangle ``goal`` seen there, ``BREAKS_OFF`` if it meets a border or
    a fold on the way, ``LIES_BELOW`` if it arrives behind ``goal_depth``, under another sheet.
    """
    t = start
    along, across, depth = np.empty(3), np.empty(3), np.empty(3)
    last_turn = 0.0
    for _ in range(MOST_STEPS):
        for k in range(3):
            vertex = triangles[t, k]
            w = np.float64(clip[vertex, 3])
            if not w > 0.0:
                return GOES_ON
            px = (clip[vertex, 0] / w + 1.0) * (0.5 * width) - (x + 0.5)
            py = (clip[vertex, 1] / w + 1.0) * (0.5 * height) - (y + 0.5)
            along[k] = (px if axis == 0 else py) * direction
            across[k] = py if axis == 0 else px
            depth[k] = clip[vertex, 2] / w
        turn = (along[1] - along[0]) * (across[2] - across[0]) - (across[1] - across[0]) * (along[2] - along[0])
        if last_turn * turn < 0.0:
            return GOES_ON if _corners_touch(triangles, t, goal) > 0 else BREAKS_OFF
        exit_edge, exit_along = -1, 0.0
        for k in range(3):
            p, q = (k + 1) % 3, (k + 2) % 3
            if (across[p] < 0.0) == (across[q] < 0.0):
                continue
            crossing = along[p] - across[p] * (along[q] - along[p]) / (across[q] - across[p])
            if exit_edge < 0 or crossing > exit_along:
                exit_edge, exit_along = k, crossing
        if exit_edge < 0:  # rounding to 1/16 px gave the pixel to a triangle beside its centre
            return GOES_ON if _corners_touch(triangles, t, goal) > 0 else BREAKS_OFF
        if exit_along >= 1.0:
            if _corners_touch(triangles, t, goal) > 0:
                return GOES_ON
            arrival = 0.0
            for k in range(3):
                p, q = (k + 1) % 3, (k + 2) % 3
                arrival += ((along[p] - 1.0) * across[q] - across[p] * (along[q] - 1.0)) * depth[k]
            # nearer than what is seen there: it ended within the rounding to 1/16 px
            return LIES_BELOW if arrival / turn > goal_depth else BREAKS_OFF
        n = neighbours[t, exit_edge]
        if n == -1:
            return GOES_ON if _corners_touch(triangles, t, goal) > 0 else BREAKS_OFF
        last_turn = turn if n >= 0 else -turn
        t = n if n >= 0 else -2 - n
    return GOES_ON


@njit(nogil=True, cache=True, error_model="numpy")
def edge_backward(clip, triangles, neighbours, rast, image, grad_image, tolerance, grad_clip, first, last):
    """Turn the gradient of (B, C, H, W) images into one of x, y, w of the triangles in front of each edge."""
    channels, height, width = image.shape[1], image.shape[2], image.shape[3]
    for i in range(first, last):
        vertices, grad = clip[i], grad_clip[i]
        grad[:] = 0.0
        for y in range(height):
            for x in range(width):
                id_a = rast[i, y, x, 3]
                for axis in range(2):
                    xb, yb = (x + 1, y) if axis == 0 else (x, y + 1)
                    if xb >= width or yb >= height or rast[i, yb, xb, 3] == id_a:
                        continue
                    force = 0.0
                    for k in range(channels):
                        force += (grad_image[i, k, y, x] + grad_image[i, k, yb, xb]) * (
                            image[i, k, y, x] - image[i, k, yb, xb]
                        )
                    if force == 0.0:
                        continue
                    ta, tb = np.int64(id_a) - 1, np.int64(rast[i, yb, xb, 3]) - 1
                    if ta >= triangles.shape[0] or tb >= triangles.shape[0]:
                        continue
                    za, zb = np.float64(rast[i, y, x, 2]), np.float64(rast[i, yb, xb, 2])
                    second = ta < 0 or (tb >= 0 and zb < za)
                    if ta >= 0 and tb >= 0:
                        depth = vertices[triangles[tb if second else ta, 0], 3]
                        if _corners_touch(triangles, ta, tb) >= 2 or abs(zb - za) * depth <= tolerance:
                            continue
                        if second:
                            found = _walk(
                                vertices, triangles, neighbours, tb, ta, za, xb, yb, width, height, axis, -1.0
                            )
                        else:
                            found = _walk(vertices, triangles, neighbours, ta, tb, zb, x, y, width, height, axis, 1.0)
                        if found == GOES_ON:
                            continue
                        if found == LIES_BELOW:
                            second = not second
                    front_x, front_y, front = (xb, yb, tb) if second else (x, y, ta)
                    a, b, c = triangles[front, 0], triangles[front, 1], triangles[front, 2]
                    u, v = np.float64(rast[i, front_y, front_x, 0]), np.float64(rast[i, front_y, front_x, 1])
                    r = 1.0 - u - v
                    w = u * vertices[a, 3] + v * vertices[b, 3] + r * vertices[c, 3]
                    if not w > 0.0:
                        continue
                    side = u * vertices[a, axis] + v * vertices[b, axis] + r * vertices[c, axis]
                    force *= 0.25 * (width if axis == 0 else height) / w  # a half from the mean, a half from the pixels
                    fall = force * side / w
                    grad[a, axis] += force * u
                    grad[b, axis] += force * v
                    grad[c, axis] += force * r
                    grad[a, 3] -= fall * u
                    grad[b, 3] -= fall * v
                    grad[c, 3] -= fall * r
