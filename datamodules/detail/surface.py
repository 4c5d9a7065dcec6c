"""Compiled loops over the sub-pixels of a face: its relief along the ray, its normals, and the shadows in its folds."""

from __future__ import annotations

import math

import numba
import numpy as np

from datamodules.detail.chart import read

DEPTH, PLACE, NORMAL, SKIN = 0, 1, 3, 6
"""First columns of the attributes that :func:`gather` reads: depth, chart place, normal, share of skin."""

_GRAZING = 0.5
_EDGE_ON = 0.35
_SURFACE_JUMP_MM = 2.5


@numba.njit(cache=True)
def gather(rast, triangles, attributes, number, rows):
    """Interpolate (V, C) ``attributes`` at every sub-pixel of a face.

    Args:
        rast: (S, S, 4) rasterization.
        triangles: (T, 3).
        attributes: (V, C) float32.
        number: (S, S) int32, written: which row of the result belongs to a sub-pixel, -1 where no face is.
        rows: (N, 2) int32, written: row and column of each sub-pixel.

    Returns:
        (N, C) float32.
    """
    count = rows.shape[0]
    out = np.empty((count, attributes.shape[1]), np.float32)
    n = 0
    for i in range(rast.shape[0]):
        for j in range(rast.shape[1]):
            triangle = int(rast[i, j, 3]) - 1
            if triangle < 0:
                number[i, j] = -1
                continue
            a, b, c = triangles[triangle, 0], triangles[triangle, 1], triangles[triangle, 2]
            u, v = rast[i, j, 0], rast[i, j, 1]
            w = np.float32(1.0) - u - v
            for k in range(attributes.shape[1]):
                out[n, k] = u * attributes[a, k] + v * attributes[b, k] + w * attributes[c, k]
            number[i, j], rows[n, 0], rows[n, 1] = n, i, j
            n += 1
    return out


@numba.njit(cache=True)
def raise_along_rays(mixed, rows, focal, half, height, left, bottom, texel, bump, cosine):
    """Write how much nearer to the camera the relief brings each sub-pixel, mm of depth.

    The surface moves by its relief d along its normal n; a ray r = (x / f, y / f, 1) then meets it d / (-n r) of depth
    earlier (exact for a plane). The factor stays below 2, and the relief fades where the surface is seen edge-on: a
    depth map cannot hold what lies there.

    Args:
        mixed: (N, C) attributes of the sub-pixels.
        rows: (N, 2) row and column.
        focal: in sub-pixels.
        half: half the size of the picture, sub-pixels.
        height: (rows, columns) relief on the chart, mm.
        left: of the chart, mm.
        bottom: of the chart, mm.
        texel: of the chart, mm.
        bump: (N,) written, mm.
        cosine: (N,) written, -n r.
    """
    for n in range(mixed.shape[0]):
        x, y = (rows[n, 1] + 0.5 - half) / focal, (rows[n, 0] + 0.5 - half) / focal
        nx, ny, nz = mixed[n, NORMAL], mixed[n, NORMAL + 1], mixed[n, NORMAL + 2]
        length = max(math.sqrt(nx * nx + ny * ny + nz * nz), 1e-9)
        facing = max(-(nx * x + ny * y + nz) / length, 0.02)
        d = mixed[n, SKIN] * read(height, (mixed[n, PLACE] - left) / texel, (mixed[n, PLACE + 1] - bottom) / texel)
        cosine[n] = facing
        fade = min(facing / _EDGE_ON, 1.0)
        bump[n] = d * fade * fade * (3 - 2 * fade) / max(facing, _GRAZING)


@numba.njit(cache=True)
def detailed_normals(mixed, rows, number, focal, half, bump, cosine, out):
    """Write the unit normals (N, 3), camera frame, outward, of the surface of depth z - b.

    For the depth z(u, v) of a pinhole camera with principal point 0 the outward normal is along
    (f z_u, f z_v, -(z + u z_u + v z_v)); it is linear in z, so that of z - b is
    n - (c / z) (f b_u, f b_v, -(b + u b_u + v b_v)) with c = -n r. The gradient of b is taken over neighbours that lie
    on the same surface.
    """
    for n in range(mixed.shape[0]):
        i, j = rows[n, 0], rows[n, 1]
        z, b = mixed[n, DEPTH], bump[n]
        slope = (_slope(number, mixed, bump, i, j, 0, 1), _slope(number, mixed, bump, i, j, 1, 0))
        u, v = j + 0.5 - half, i + 0.5 - half
        nx, ny, nz = mixed[n, NORMAL], mixed[n, NORMAL + 1], mixed[n, NORMAL + 2]
        length = max(math.sqrt(nx * nx + ny * ny + nz * nz), 1e-9)
        share = cosine[n] / z
        nx = nx / length - share * focal * slope[0]
        ny = ny / length - share * focal * slope[1]
        nz = nz / length + share * (b + u * slope[0] + v * slope[1])
        length = max(math.sqrt(nx * nx + ny * ny + nz * nz), 1e-9)
        out[n, 0], out[n, 1], out[n, 2] = nx / length, ny / length, nz / length


@numba.njit(cache=True, inline="always")
def _slope(number, mixed, bump, i, j, down, right):
    """Return the derivative of the bump along rows or columns, mm a sub-pixel; 0 where neither neighbour fits."""
    size = number.shape[0]
    n = number[i, j]
    total, steps = np.float32(0.0), 0
    if i + down < size and j + right < size:
        after = number[i + down, j + right]
        if after >= 0 and abs(mixed[after, DEPTH] - mixed[n, DEPTH]) < _SURFACE_JUMP_MM:
            total += bump[after] - bump[n]
            steps += 1
    if i - down >= 0 and j - right >= 0:
        before = number[i - down, j - right]
        if before >= 0 and abs(mixed[before, DEPTH] - mixed[n, DEPTH]) < _SURFACE_JUMP_MM:
            total += bump[n] - bump[before]
            steps += 1
    return total / max(steps, 1)


@numba.njit(cache=True)
def fold_shadows(mixed, rows, number, focal, bump, towards, softness, out):
    """Write how much of a directional light reaches each sub-pixel past the relief around it, (N,) in [0, 1].

    A ray goes towards the light over the depth map, a few steps of at most 7 mm: folds shade themselves, the shadows
    that noses throw on cheeks are no business of a relief.

    Args:
        mixed: (N, C) attributes.
        rows: (N, 2) row and column.
        number: (S, S) of :func:`gather`.
        focal: in sub-pixels.
        bump: (N,) mm.
        towards: (3,) unit vector to the light, camera frame.
        softness: tangent over which a shadow's edge fades.
        out: (N,) written.
    """
    size = number.shape[0]
    lx, ly, lz = towards[0], towards[1], towards[2]
    for n in range(mixed.shape[0]):
        nx, ny, nz = mixed[n, NORMAL], mixed[n, NORMAL + 1], mixed[n, NORMAL + 2]
        facing = nx * lx + ny * ly + nz * lz
        z, worst = mixed[n, DEPTH] - bump[n], 0.0
        step = 0.7
        for _ in range(7):
            column, row = rows[n, 1] + 0.5 + step * lx * focal / z, rows[n, 0] + 0.5 + step * ly * focal / z
            if column < 0 or row < 0 or column >= size or row >= size:
                break
            other = number[int(row), int(column)]
            if other < 0:
                break
            # The foundation's own curvature is in the shading already: only what the relief adds stands in the way.
            flat = mixed[other, DEPTH] - mixed[n, DEPTH] - step * lz
            worst = max(worst, (bump[other] - bump[n] - max(flat, 0.0)) / step)
            step *= 1.45
        shade = min(worst / softness, 1.0)
        shade = shade * shade * (3 - 2 * shade)
        out[n] = 1.0 - shade * min(max(facing * 4.0, 0.0), 1.0)


@numba.njit(cache=True)
def compare(
    rast, triangles, depths, mixed, number, bump, normals, limits, foundation, difference, defined, pixel_normals
):
    """Compare the detailed surface with the foundation at every pixel.

    The depth of a pixel, of either surface, is the mean of its sub-pixels. Where these lie on surfaces one behind the
    other, where one of the two shapes is not seen, or where they differ by more than a limit, there is no bump.

    Args:
        rast: (S2, S2, 4) rasterization of the foundation.
        triangles: (T, 3).
        depths: (V,) of the foundation's vertices, mm.
        mixed: (N, C) attributes of the detailed face's sub-pixels.
        number: (S2, S2) of :func:`gather`.
        bump: (N,) mm, relief along the ray.
        normals: (N, 3).
        limits: (2,) largest difference, and largest spread of depth within a pixel, mm.
        foundation: (S, S) zeros, written where it is defined: mm.
        difference: (S, S) zeros, written where it is defined: mm.
        defined: (S, S) False, written.
        pixel_normals: (S, S, 3) zeros, written: unit mean of the sub-pixels' normals.
    """
    size = foundation.shape[0]
    fine = number.shape[0] // size
    for i in range(size):
        for j in range(size):
            count, total, near, far = 0, 0.0, np.inf, -np.inf
            below, nearest, farthest = 0.0, np.inf, -np.inf
            nx, ny, nz = 0.0, 0.0, 0.0
            for p in range(i * fine, (i + 1) * fine):
                for q in range(j * fine, (j + 1) * fine):
                    n = number[p, q]
                    if n < 0:
                        continue
                    nx, ny, nz = nx + normals[n, 0], ny + normals[n, 1], nz + normals[n, 2]
                    triangle = int(rast[p, q, 3]) - 1
                    if triangle < 0:
                        continue
                    count += 1
                    z = mixed[n, DEPTH] - bump[n]
                    total += z
                    near, far = min(near, z), max(far, z)
                    u, v = rast[p, q, 0], rast[p, q, 1]
                    a, b, c = triangles[triangle, 0], triangles[triangle, 1], triangles[triangle, 2]
                    z = u * depths[a] + v * depths[b] + (np.float32(1.0) - u - v) * depths[c]
                    below += z
                    nearest, farthest = min(nearest, z), max(farthest, z)
            length = math.sqrt(nx * nx + ny * ny + nz * nz)
            if length > 0:
                pixel_normals[i, j, 0], pixel_normals[i, j, 1] = nx / length, ny / length
                pixel_normals[i, j, 2] = nz / length
            if count < fine * fine or max(far - near, farthest - nearest) > limits[1]:
                continue
            value = (below - total) / count
            if abs(value) <= limits[0]:
                foundation[i, j], defined[i, j], difference[i, j] = below / count, True, value
