"""Blending across silhouettes, from the description in the nvdiffrast paper (arXiv 2011.03277, Sec. 3.3).

For two neighbouring pixels with different triangles, the nearer triangle is looked at. Where one of its silhouette
edges crosses the line between the two pixel centres, at distance d in [0, 1] from the nearer one's, the pixel that the
edge cuts off takes |0.5 - d| of the other one's colour.
"""

from __future__ import annotations

import numpy as np
from numba import njit

TOLERANCE = 1.0 / 16  # vertices were snapped by up to half of this when coverage was decided


@njit(nogil=True, cache=True, error_model="numpy", inline="always")
def _place(clip, vertex, x, y, width, height, axis, direction):
    """Position of a vertex relative to a pixel centre: (along the pair, across it, in front of the camera)."""
    w = np.float64(clip[vertex, 3])
    if not w > 0.0:
        return 0.0, 0.0, False
    px = (clip[vertex, 0] / w + 1.0) * (0.5 * width) - (x + 0.5)
    py = (clip[vertex, 1] / w + 1.0) * (0.5 * height) - (y + 0.5)
    if axis == 0:
        return px * direction, py, True
    return py * direction, px, True


@njit(nogil=True, cache=True, error_model="numpy")
def _find_silhouettes(clip, triangles, neighbours, turns, silhouettes):
    """Mark in three bits which edges of each triangle are silhouettes: no neighbour, or one that folds back."""
    for t in range(triangles.shape[0]):
        a, b, c = triangles[t, 0], triangles[t, 1], triangles[t, 2]
        xa, ya, wa = np.float64(clip[a, 0]), np.float64(clip[a, 1]), np.float64(clip[a, 3])
        xb, yb, wb = np.float64(clip[b, 0]), np.float64(clip[b, 1]), np.float64(clip[b, 3])
        xc, yc, wc = np.float64(clip[c, 0]), np.float64(clip[c, 1]), np.float64(clip[c, 3])
        volume = xa * (yb * wc - wb * yc) - ya * (xb * wc - wb * xc) + wa * (xb * yc - yb * xc)
        turns[t] = volume > 0.0  # which way round it is seen, without a division
    for t in range(triangles.shape[0]):
        bits = 0
        for k in range(3):
            n = neighbours[t, k]
            if n == -1 or (n >= 0 and turns[n] != turns[t]) or (n < -1 and turns[-2 - n] == turns[t]):
                bits |= 1 << k
        silhouettes[t] = bits


@njit(nogil=True, cache=True, error_model="numpy", inline="always")
def _may_cross(silhouettes, rast, ya, xa, yb, xb):
    """Tell cheaply whether a pair sees two triangles of which one has a silhouette edge."""
    id_a, id_b = rast[ya, xa, 3], rast[yb, xb, 3]
    count = silhouettes.shape[0]
    if id_a == id_b or not (0.0 <= id_a <= count and 0.0 <= id_b <= count):
        return False
    return (id_a > 0.0 and silhouettes[np.int64(id_a) - 1] != 0) or (
        id_b > 0.0 and silhouettes[np.int64(id_b) - 1] != 0
    )


@njit(nogil=True, cache=True, error_model="numpy")
def _crossing(clip, triangles, silhouettes, rast, ya, xa, axis):
    """Look for a silhouette edge between pixel (xa, ya) and the next one along ``axis`` (0: right, 1: down).

    Returns (found, front is first, distance, ends of the edge, share of the second end, slope of the edge).
    """
    none = (False, False, 0.0, 0, 0, 0.0, 0.0)
    height, width = rast.shape[0], rast.shape[1]
    xb, yb = (xa + 1, ya) if axis == 0 else (xa, ya + 1)
    id_a, id_b = rast[ya, xa, 3], rast[yb, xb, 3]
    if id_a == id_b:
        return none
    first = id_b == 0.0 or (id_a != 0.0 and rast[ya, xa, 2] <= rast[yb, xb, 2])
    x, y, direction = (xa, ya, 1.0) if first else (xb, yb, -1.0)
    t = np.int64(rast[y, x, 3]) - 1
    if t < 0 or t >= triangles.shape[0] or silhouettes[t] == 0:
        return none
    for k in range(3):
        if silhouettes[t] & (1 << k) == 0:
            continue
        p, q, r = triangles[t, (k + 1) % 3], triangles[t, (k + 2) % 3], triangles[t, k]
        p_along, p_across, p_ahead = _place(clip, p, x, y, width, height, axis, direction)
        q_along, q_across, q_ahead = _place(clip, q, x, y, width, height, axis, direction)
        if not (p_ahead and q_ahead) or (p_across < 0.0) == (q_across < 0.0):
            continue
        span = q_across - p_across
        if abs(span) < abs(q_along - p_along):
            continue  # too flat: the pairs along the other axis handle it
        share = -p_across / span
        slope = (q_along - p_along) / span
        distance = p_along + share * (q_along - p_along)
        if distance < -TOLERANCE or distance > 1.0 + TOLERANCE:
            continue
        r_along, r_across, r_ahead = _place(clip, r, x, y, width, height, axis, direction)
        inside = p_along + slope * (r_across - p_across) - r_along
        if not r_ahead or inside <= 0.0:
            continue  # the triangle starts here, it does not end
        return True, first, min(max(distance, 0.0), 1.0), p, q, share, slope
    return none


@njit(nogil=True, cache=True, error_model="numpy")
def antialias_forward(clip, triangles, neighbours, rast, colour, out, first_image, last_image):
    """Blend (B, H, W, C) ``colour`` into ``out``."""
    height, width, channels = colour.shape[1], colour.shape[2], colour.shape[3]
    turns = np.empty(triangles.shape[0], np.bool_)
    silhouettes = np.empty(triangles.shape[0], np.uint8)
    for i in range(first_image, last_image):
        out[i] = colour[i]
        _find_silhouettes(clip[i], triangles, neighbours, turns, silhouettes)
        for y in range(height):
            for x in range(width):
                for axis in range(2):
                    xb, yb = (x + 1, y) if axis == 0 else (x, y + 1)
                    if xb >= width or yb >= height or not _may_cross(silhouettes, rast[i], y, x, yb, xb):
                        continue
                    found, first, distance, _, _, _, _ = _crossing(clip[i], triangles, silhouettes, rast[i], y, x, axis)
                    if not found:
                        continue
                    # the target is the pixel that loses: the front one if the edge comes before the middle
                    takes_first = first == (distance < 0.5)
                    ty, tx, oy, ox = (y, x, yb, xb) if takes_first else (yb, xb, y, x)
                    alpha = np.float32(abs(0.5 - distance))
                    for k in range(channels):
                        out[i, ty, tx, k] += alpha * (colour[i, oy, ox, k] - colour[i, ty, tx, k])


@njit(nogil=True, cache=True, error_model="numpy")
def antialias_backward(
    clip, triangles, neighbours, rast, colour, grad_out, grad_colour, grad_clip, first_image, last_image
):
    """Gradient of :func:`antialias_forward` to the colours and to x, y, w of the ends of silhouette edges."""
    height, width, channels = colour.shape[1], colour.shape[2], colour.shape[3]
    turns = np.empty(triangles.shape[0], np.bool_)
    silhouettes = np.empty(triangles.shape[0], np.uint8)
    for i in range(first_image, last_image):
        grad_colour[i] = grad_out[i]
        grad_clip[i] = 0.0
        _find_silhouettes(clip[i], triangles, neighbours, turns, silhouettes)
        for y in range(height):
            for x in range(width):
                for axis in range(2):
                    xb, yb = (x + 1, y) if axis == 0 else (x, y + 1)
                    if xb >= width or yb >= height or not _may_cross(silhouettes, rast[i], y, x, yb, xb):
                        continue
                    found, first, distance, p, q, share, slope = _crossing(
                        clip[i], triangles, silhouettes, rast[i], y, x, axis
                    )
                    if not found:
                        continue
                    takes_first = first == (distance < 0.5)
                    ty, tx, oy, ox = (y, x, yb, xb) if takes_first else (yb, xb, y, x)
                    alpha = np.float32(abs(0.5 - distance))
                    grad_alpha = 0.0
                    for k in range(channels):
                        g = grad_out[i, ty, tx, k]
                        grad_alpha += g * (colour[i, oy, ox, k] - colour[i, ty, tx, k])
                        grad_colour[i, ty, tx, k] -= alpha * g
                        grad_colour[i, oy, ox, k] += alpha * g
                    if alpha >= 0.5:
                        continue
                    grad_along = -grad_alpha if distance < 0.5 else grad_alpha
                    if not first:
                        grad_along = -grad_along
                        slope = -slope  # the slope was measured along the mirrored pair
                    for end in range(2):
                        vertex = p if end == 0 else q
                        weight = 1.0 - share if end == 0 else share
                        g_along, g_across = grad_along * weight, -grad_along * weight * slope
                        gx, gy = (g_along, g_across) if axis == 0 else (g_across, g_along)
                        w = np.float64(clip[i, vertex, 3])
                        gx *= 0.5 * width / w
                        gy *= 0.5 * height / w
                        grad_clip[i, vertex, 0] += gx
                        grad_clip[i, vertex, 1] += gy
                        grad_clip[i, vertex, 3] -= (gx * clip[i, vertex, 0] + gy * clip[i, vertex, 1]) / w
