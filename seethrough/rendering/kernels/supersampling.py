"""Antialiased pictures: what a pixel's samples see, mixed and averaged at once."""

from __future__ import annotations

import numpy as np
from numba import njit

from seethrough.rendering.kernels.rasterization import barycentrics, depth_buffers, find_triangles


@njit(nogil=True, cache=True, error_model="numpy")
def draw_means(clip, triangles, attributes, cull, samples, means):
    """Draw one image: clip (V, 4), attributes (V, C) -> means (C + 1, H, W) over samples^2 points.

    The last is the share of points that see something. The same sums in the same order as of an interpolated image
    that is ``samples`` times as large.
    """
    channels, (height, width) = attributes.shape[1], means.shape[1:]
    buffers = depth_buffers(len(clip), height * samples, width * samples)
    find_triangles(clip, triangles, cull, *buffers)
    ids = buffers[0]
    step_x, step_y, share = 2.0 / ids.shape[1], 2.0 / ids.shape[0], np.float32(1.0 / samples**2)
    line = np.empty((ids.shape[1], channels + 1), np.float32)  # of samples, summed downwards; the last counts them
    for y in range(height):
        line[:] = 0.0
        for j in range(y * samples, (y + 1) * samples):
            fy = (j + 0.5) * step_y - 1.0
            for i in range(ids.shape[1]):
                t = ids[j, i]
                if t < 0:
                    continue
                a, b, c = triangles[t, 0], triangles[t, 1], triangles[t, 2]
                exact_u, exact_v = barycentrics(clip, a, b, c, (i + 0.5) * step_x - 1.0, fy)
                u, v = np.float32(exact_u), np.float32(exact_v)
                r = np.float32(1.0) - u - v
                for k in range(channels):
                    line[i, k] += u * attributes[a, k] + v * attributes[b, k] + r * attributes[c, k]
                line[i, channels] += np.float32(1.0)
        for x in range(width):
            first = x * samples
            for k in range(channels + 1):
                total = line[first, k]
                for i in range(first + 1, first + samples):
                    total += line[i, k]
                means[k, y, x] = total * share
