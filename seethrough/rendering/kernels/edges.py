"""Gradient of visibility from pairs of neighbouring pixels (rasterized edge gradients, arXiv 2405.02508)."""

from __future__ import annotations

import numpy as np
from numba import njit


@njit(nogil=True, cache=True, error_model="numpy")
def _depth_slope(clip, triangles, t, width, height, axis):
    """Change of z/w per pixel along ``axis`` on the plane of a triangle; 0 if it has no area in the picture."""
    a, b, c = triangles[t, 0], triangles[t, 1], triangles[t, 2]
    wa, wb, wc = np.float64(clip[a, 3]), np.float64(clip[b, 3]), np.float64(clip[c, 3])
    if not (wa > 0.0 and wb > 0.0 and wc > 0.0):
        return 0.0
    x0, y0, z0 = clip[a, 0] / wa, clip[a, 1] / wa, clip[a, 2] / wa
    x1, y1, z1 = clip[b, 0] / wb - x0, clip[b, 1] / wb - y0, clip[b, 2] / wb - z0
    x2, y2, z2 = clip[c, 0] / wc - x0, clip[c, 1] / wc - y0, clip[c, 2] / wc - z0
    area = x1 * y2 - y1 * x2
    if area == 0.0:
        return 0.0
    if axis == 0:
        return (z1 * y2 - z2 * y1) / area * (2.0 / width)
    return (z2 * x1 - z1 * x2) / area * (2.0 / height)


@njit(nogil=True, cache=True, error_model="numpy")
def _surface_goes_on(clip, triangles, ta, tb, za, zb, width, height, axis, tolerance):
    """Tell whether two triangles seen in neighbouring pixels belong to one sheet of surface, without a jump."""
    shared = 0
    for j in range(3):
        for k in range(3):
            if triangles[ta, j] == triangles[tb, k]:
                shared += 1
    if shared >= 2:
        return True
    # between two points of a smooth sheet the depth changes by no less and no more than its slopes say
    slope_a = _depth_slope(clip, triangles, ta, width, height, axis)
    slope_b = _depth_slope(clip, triangles, tb, width, height, axis)
    slack = 0.5 * (abs(slope_a) + abs(slope_b)) + tolerance
    return min(slope_a, slope_b) - slack <= zb - za <= max(slope_a, slope_b) + slack


@njit(nogil=True, cache=True, error_model="numpy")
def edge_backward(clip, triangles, rast, image, grad_image, tolerance, grad_clip, first, last):
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
                    front_x, front_y, front = x, y, ta
                    if ta < 0 or (tb >= 0 and zb < za):
                        front_x, front_y, front = xb, yb, tb
                    a, b, c = triangles[front, 0], triangles[front, 1], triangles[front, 2]
                    u, v = np.float64(rast[i, front_y, front_x, 0]), np.float64(rast[i, front_y, front_x, 1])
                    r = 1.0 - u - v
                    w = u * vertices[a, 3] + v * vertices[b, 3] + r * vertices[c, 3]
                    if not w > 0.0:
                        continue
                    if ta >= 0 and tb >= 0:
                        if _surface_goes_on(vertices, triangles, ta, tb, za, zb, width, height, axis, tolerance / w):
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
