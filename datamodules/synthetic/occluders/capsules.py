"""Rounded, tapered limbs that overlap in depth: the building blocks of hands and handles."""

from __future__ import annotations

import math

import numba
import numpy as np


@numba.njit(cache=True)
def draw_capsules(capsules, size, alpha, normals, creases):
    """Draw tapered capsules as if seen from the front; nearer ones hide others.

    Args:
        capsules: (N, 7) of x0, y0, r0, x1, y1, r1 in px and the height of the axis towards the viewer in px.
        size: height and width of the picture.
        alpha: (size, size) float32, written: coverage.
        normals: (size, size, 3) float32, written: unit normals, camera frame.
        creases: (size, size) float32, written: 1 in the open, less near the edge of a limb, where light is cut off.
    """
    alpha[:] = 0.0
    normals[:] = 0.0
    normals[:, :, 2] = -1.0
    creases[:] = 1.0
    top = np.full((size, size), -1e9, np.float32)
    for k in range(capsules.shape[0]):
        x0, y0, r0, x1, y1, r1, height = capsules[k]
        widest = max(r0, r1) + 1.0
        left, right = max(int(min(x0, x1) - widest), 0), min(int(max(x0, x1) + widest) + 1, size)
        upper, lower = max(int(min(y0, y1) - widest), 0), min(int(max(y0, y1) + widest) + 1, size)
        dx, dy = x1 - x0, y1 - y0
        length = dx * dx + dy * dy + 1e-9
        for i in range(upper, lower):
            for j in range(left, right):
                px, py = j + 0.5 - x0, i + 0.5 - y0
                t = min(max((px * dx + py * dy) / length, 0.0), 1.0)
                ex, ey = px - t * dx, py - t * dy
                radius = r0 + t * (r1 - r0)
                distance = math.sqrt(ex * ex + ey * ey)
                coverage = min(max(radius - distance + 0.5, 0.0), 1.0)
                if coverage <= 0.0:
                    continue
                share = min(distance / radius, 0.999)
                bulge = math.sqrt(1 - share * share)
                level = height + bulge * radius
                if (coverage >= 0.5 and level > top[i, j]) or alpha[i, j] == 0.0:
                    top[i, j] = level
                    scale = share / max(distance, 1e-6)
                    normals[i, j, 0] = ex * scale
                    normals[i, j, 1] = ey * scale
                    normals[i, j, 2] = -bulge
                    creases[i, j] = 0.72 + 0.28 * bulge
                alpha[i, j] = max(alpha[i, j], coverage)
