"""Which triangle each pixel sees: clip, snap, fill and depth test of a range of images."""

from __future__ import annotations

import numpy as np
from numba import njit

SUBPIXEL = 16  # vertices snap to 1/16 px, so that coverage is decided in exact integers
GUARD = 8.0  # triangles are cut at 8 times the picture: far enough to be rare, near enough for integers
CLIP_NEAR, CLIP_FAR, CLIP_GUARD, CLIP_DROP = 16, 32, 64, 128
NEEDS_CLIPPING = CLIP_NEAR | CLIP_FAR | CLIP_GUARD


@njit(nogil=True, cache=True, error_model="numpy", inline="always")
def _snap(x, y, w, width, height):
    scale = 0.5 * SUBPIXEL
    sx = np.int64(np.floor((x / w + 1.0) * (scale * width) + 0.5))
    sy = np.int64(np.floor((y / w + 1.0) * (scale * height) + 0.5))
    return sx, sy


@njit(nogil=True, cache=True, error_model="numpy")
def _project(clip, width, height, snapped, depth):
    """Snap every vertex to the sub-pixel grid and note which planes it lies beyond."""
    for i in range(clip.shape[0]):
        x, y = np.float64(clip[i, 0]), np.float64(clip[i, 1])
        z, w = np.float64(clip[i, 2]), np.float64(clip[i, 3])
        if not (np.isfinite(x) and np.isfinite(y) and np.isfinite(z) and np.isfinite(w)):
            snapped[i, 2] = CLIP_DROP
            continue
        code = 0
        if x < -w:
            code |= 1
        if x > w:
            code |= 2
        if y < -w:
            code |= 4
        if y > w:
            code |= 8
        if z < -w:
            code |= CLIP_NEAR
        if z > w:
            code |= CLIP_FAR
        if w <= 0.0 or abs(x) > GUARD * w or abs(y) > GUARD * w:
            code |= CLIP_GUARD
        snapped[i, 2] = code
        if code & NEEDS_CLIPPING == 0:
            sx, sy = _snap(x, y, w, width, height)
            snapped[i, 0] = sx
            snapped[i, 1] = sy
            depth[i] = z / w


@njit(nogil=True, cache=True, error_model="numpy")
def _fill(x0, y0, z0, x1, y1, z1, x2, y2, z2, triangle, cull, ids, nearest):
    """Depth-test one snapped triangle into ``ids`` and ``nearest``; coordinates in 1/16 px."""
    height, width = ids.shape
    # first and last pixel whose centre (16 p + 8) lies in the box
    left = max((min(x0, x1, x2) + 7) >> 4, 0)
    right = min((max(x0, x1, x2) - 8) >> 4, width - 1)
    if left > right:
        return
    top = max((min(y0, y1, y2) + 7) >> 4, 0)
    bottom = min((max(y0, y1, y2) - 8) >> 4, height - 1)
    if top > bottom:
        return
    area = (x1 - x0) * (y2 - y0) - (y1 - y0) * (x2 - x0)
    if area == 0:
        return
    if area > 0:
        if cull:
            return
    else:
        # rows grow downwards, so a triangle that faces the viewer comes with negative area: turn it round
        x1, x2 = x2, x1
        y1, y2 = y2, y1
        z1, z2 = z2, z1
        area = -area
    # Half-open fill rule: of two triangles that share an edge exactly one owns the pixel centres on it.
    dx0, dy0 = x2 - x1, y2 - y1
    dx1, dy1 = x0 - x2, y0 - y2
    dx2, dy2 = x1 - x0, y1 - y0
    least0 = 1 if dy0 > 0 or (dy0 == 0 and dx0 <= 0) else 0
    least1 = 1 if dy1 > 0 or (dy1 == 0 and dx1 <= 0) else 0
    least2 = 1 if dy2 > 0 or (dy2 == 0 and dx2 <= 0) else 0
    px, py = (left << 4) + 8, (top << 4) + 8
    row0 = dx0 * (py - y1) - dy0 * (px - x1) - least0
    row1 = dx1 * (py - y2) - dy1 * (px - x2) - least1
    row2 = dx2 * (py - y0) - dy2 * (px - x0) - least2
    scale = 1.0 / area
    slope1, slope2 = (z1 - z0) * scale, (z2 - z0) * scale
    for y in range(top, bottom + 1):
        e0, e1, e2 = row0, row1, row2
        for x in range(left, right + 1):
            if (e0 | e1 | e2) >= 0:
                z = np.float32(z0 + (e1 + least1) * slope1 + (e2 + least2) * slope2)
                if z <= nearest[y, x]:  # of equal depths the later triangle wins
                    nearest[y, x] = z
                    ids[y, x] = triangle
            e0 -= dy0 << 4
            e1 -= dy1 << 4
            e2 -= dy2 << 4
        row0 += dx0 << 4
        row1 += dx1 << 4
        row2 += dx2 << 4


@njit(nogil=True, cache=True, error_model="numpy")
def _distance(polygon, i, plane):
    """Signed distance of one homogeneous point to near, far or a guard plane; inside is positive."""
    if plane == 0:
        return polygon[i, 2] + polygon[i, 3]
    if plane == 1:
        return polygon[i, 3] - polygon[i, 2]
    axis = (plane - 2) >> 1
    if plane & 1:
        return GUARD * polygon[i, 3] - polygon[i, axis]
    return GUARD * polygon[i, 3] + polygon[i, axis]


@njit(nogil=True, cache=True, error_model="numpy")
def _clip_and_fill(clip, a, b, c, triangle, cull, ids, nearest, polygon, clipped):
    """Cut one triangle at near, far and guard planes (Sutherland-Hodgman, homogeneous) and fill what is left."""
    height, width = ids.shape
    for k in range(4):
        polygon[0, k] = clip[a, k]
        polygon[1, k] = clip[b, k]
        polygon[2, k] = clip[c, k]
    count = 3
    for plane in range(6):
        kept = 0
        for i in range(count):
            j = i + 1 if i + 1 < count else 0
            di, dj = _distance(polygon, i, plane), _distance(polygon, j, plane)
            if di >= 0.0:
                clipped[kept] = polygon[i]
                kept += 1
            if (di >= 0.0) != (dj >= 0.0):
                # always from the inner to the outer end: both triangles of an edge cut it at the same bits
                inner, outer = (i, j) if di >= 0.0 else (j, i)
                d_in, d_out = (di, dj) if di >= 0.0 else (dj, di)
                t = d_in / (d_in - d_out)
                for k in range(4):
                    clipped[kept, k] = polygon[inner, k] + t * (polygon[outer, k] - polygon[inner, k])
                kept += 1
        count = kept
        if count < 3:
            return
        polygon[:count] = clipped[:count]
    for i in range(count):
        if not polygon[i, 3] > 1e-30:
            return
    x0, y0 = _snap(polygon[0, 0], polygon[0, 1], polygon[0, 3], width, height)
    z0 = polygon[0, 2] / polygon[0, 3]
    for i in range(1, count - 1):
        x1, y1 = _snap(polygon[i, 0], polygon[i, 1], polygon[i, 3], width, height)
        x2, y2 = _snap(polygon[i + 1, 0], polygon[i + 1, 1], polygon[i + 1, 3], width, height)
        z1, z2 = polygon[i, 2] / polygon[i, 3], polygon[i + 1, 2] / polygon[i + 1, 3]
        _fill(x0, y0, z0, x1, y1, z1, x2, y2, z2, triangle, cull, ids, nearest)


@njit(nogil=True, cache=True, error_model="numpy")
def find_triangles(clip, triangles, cull, ids, nearest, snapped, depth, polygon, clipped):
    """Fill ``ids`` (H, W) with the triangle that each pixel of one image sees, -1 for none."""
    height, width = ids.shape
    ids[:] = -1
    nearest[:] = np.inf
    _project(clip, width, height, snapped, depth)
    for t in range(triangles.shape[0]):
        a, b, c = triangles[t, 0], triangles[t, 1], triangles[t, 2]
        code_a, code_b, code_c = snapped[a, 2], snapped[b, 2], snapped[c, 2]
        seen = code_a | code_b | code_c
        if seen & CLIP_DROP or code_a & code_b & code_c & 63:
            continue
        if seen & NEEDS_CLIPPING:
            _clip_and_fill(clip, a, b, c, t, cull, ids, nearest, polygon, clipped)
            continue
        # most triangles of a dense mesh have no pixel centre in their box and end here
        x0, x1, x2 = np.int64(snapped[a, 0]), np.int64(snapped[b, 0]), np.int64(snapped[c, 0])
        if (min(x0, x1, x2) + 7) >> 4 > (max(x0, x1, x2) - 8) >> 4:
            continue
        y0, y1, y2 = np.int64(snapped[a, 1]), np.int64(snapped[b, 1]), np.int64(snapped[c, 1])
        if (min(y0, y1, y2) + 7) >> 4 > (max(y0, y1, y2) - 8) >> 4:
            continue
        _fill(x0, y0, depth[a], x1, y1, depth[b], x2, y2, depth[c], t, cull, ids, nearest)


@njit(nogil=True, cache=True, error_model="numpy", inline="always")
def edge_vectors(clip, a, b, c, fx, fy):
    """Return p_i = (x_i - fx w_i, y_i - fy w_i) of three vertices for a pixel at (fx, fy) in [-1, 1]."""
    w0, w1, w2 = np.float64(clip[a, 3]), np.float64(clip[b, 3]), np.float64(clip[c, 3])
    return (
        clip[a, 0] - fx * w0, clip[a, 1] - fy * w0,
        clip[b, 0] - fx * w1, clip[b, 1] - fy * w1,
        clip[c, 0] - fx * w2, clip[c, 1] - fy * w2,
    )  # fmt: skip


@njit(nogil=True, cache=True, error_model="numpy", inline="always")
def barycentrics(clip, a, b, c, fx, fy):
    """Return u and v of a pixel at (fx, fy) from the un-snapped vertices, perspective-correct, dividing by no w."""
    p0x, p0y, p1x, p1y, p2x, p2y = edge_vectors(clip, a, b, c, fx, fy)
    a0 = p1x * p2y - p1y * p2x
    a1 = p2x * p0y - p2y * p0x
    a2 = p0x * p1y - p0y * p1x
    total = a0 + a1 + a2
    scale = 1.0 / total if total != 0.0 else 0.0
    u, v = a0 * scale, a1 * scale
    u, v = min(max(u, 0.0), 1.0), min(max(v, 0.0), 1.0)
    if u + v > 1.0:
        shrink = 1.0 / (u + v)
        u, v = u * shrink, v * shrink
    return u, v


@njit(nogil=True, cache=True, error_model="numpy")
def _write_barycentrics(clip, triangles, ids, rast):
    """Fill (u, v, z/w, id + 1)."""
    height, width = ids.shape
    step_x, step_y = 2.0 / width, 2.0 / height
    for y in range(height):
        fy = (y + 0.5) * step_y - 1.0
        for x in range(width):
            t = ids[y, x]
            if t < 0:
                for k in range(4):
                    rast[y, x, k] = 0.0
                continue
            fx = (x + 0.5) * step_x - 1.0
            a, b, c = triangles[t, 0], triangles[t, 1], triangles[t, 2]
            u, v = barycentrics(clip, a, b, c, fx, fy)
            r = 1.0 - u - v
            z = u * clip[a, 2] + v * clip[b, 2] + r * clip[c, 2]
            w = u * clip[a, 3] + v * clip[b, 3] + r * clip[c, 3]
            rast[y, x, 0] = u
            rast[y, x, 1] = v
            rast[y, x, 2] = min(max(z / w, -1.0), 1.0)
            rast[y, x, 3] = t + 1


@njit(nogil=True, cache=True, error_model="numpy")
def depth_buffers(vertices, height, width):
    """Return what :func:`find_triangles` writes its result into and what it works with, for one image after another."""
    return (
        np.empty((height, width), np.int32),
        np.empty((height, width), np.float32),
        np.empty((vertices, 3), np.int32),
        np.empty(vertices, np.float64),
        np.empty((12, 4), np.float64),
        np.empty((12, 4), np.float64),
    )


@njit(nogil=True, cache=True, error_model="numpy")
def rasterize_forward(clip, triangles, cull, rast, first, last):
    """Rasterize images ``first`` to ``last``: clip (B, V, 4), triangles (T, 3) -> rast (B, H, W, 4)."""
    buffers = depth_buffers(clip.shape[1], rast.shape[1], rast.shape[2])
    for i in range(first, last):
        find_triangles(clip[i], triangles, cull, *buffers)
        _write_barycentrics(clip[i], triangles, buffers[0], rast[i])


@njit(nogil=True, cache=True, error_model="numpy")
def rasterize_backward(clip, triangles, rast, grad_rast, grad_clip, first, last):
    """Add the gradient of u and v to x, y and w of the three vertices of each covered pixel (z gets none)."""
    height, width = rast.shape[1], rast.shape[2]
    step_x, step_y = 2.0 / width, 2.0 / height
    for i in range(first, last):
        grad_clip[i] = 0.0
        vertices, grad = clip[i], grad_clip[i]
        for y in range(height):
            fy = (y + 0.5) * step_y - 1.0
            for x in range(width):
                t = np.int64(rast[i, y, x, 3]) - 1
                gu, gv = np.float64(grad_rast[i, y, x, 0]), np.float64(grad_rast[i, y, x, 1])
                if t < 0 or (gu == 0.0 and gv == 0.0):
                    continue
                fx = (x + 0.5) * step_x - 1.0
                a, b, c = triangles[t, 0], triangles[t, 1], triangles[t, 2]
                p0x, p0y, p1x, p1y, p2x, p2y = edge_vectors(vertices, a, b, c, fx, fy)
                a0 = p1x * p2y - p1y * p2x
                a1 = p2x * p0y - p2y * p0x
                a2 = p0x * p1y - p0y * p1x
                total = a0 + a1 + a2
                # keeps slivers seen edge-on finite; the size is that of the nvdiffrast convention, in clip units
                total += 1e-6 if total >= 0.0 else -1e-6
                scale = 1.0 / total
                mean = (gu * a0 + gv * a1) * scale
                g0, g1, g2 = (gu - mean) * scale, (gv - mean) * scale, -mean * scale
                g0x, g0y = g2 * p1y - g1 * p2y, g1 * p2x - g2 * p1x
                g1x, g1y = g0 * p2y - g2 * p0y, g2 * p0x - g0 * p2x
                g2x, g2y = g1 * p0y - g0 * p1y, g0 * p1x - g1 * p0x
                grad[a, 0] += g0x
                grad[a, 1] += g0y
                grad[a, 3] -= fx * g0x + fy * g0y
                grad[b, 0] += g1x
                grad[b, 1] += g1y
                grad[b, 3] -= fx * g1x + fy * g1y
                grad[c, 0] += g2x
                grad[c, 1] += g2y
                grad[c, 3] -= fx * g2x + fy * g2y
