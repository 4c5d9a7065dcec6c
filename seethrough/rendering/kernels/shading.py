"""Vertex normals and spherical-harmonics shading, forward and backward."""

from __future__ import annotations

import numpy as np
from numba import njit

from seethrough.rendering.harmonics import BAND_0, BAND_1, BAND_2_DIFFERENCE, BAND_2_PRODUCT, BAND_2_ZENITH

Y0, Y1 = np.float32(BAND_0), np.float32(BAND_1)
YP, YZ, YD = np.float32(BAND_2_PRODUCT), np.float32(BAND_2_ZENITH), np.float32(BAND_2_DIFFERENCE)
ONE, TWO, THREE = np.float32(1), np.float32(2), np.float32(3)


@njit(nogil=True, cache=True, error_model="numpy", inline="always")
def _face(vertices, a, b, c):
    """Edges b - a, c - a and their cross product."""
    e1x, e1y, e1z = vertices[b, 0] - vertices[a, 0], vertices[b, 1] - vertices[a, 1], vertices[b, 2] - vertices[a, 2]
    e2x, e2y, e2z = vertices[c, 0] - vertices[a, 0], vertices[c, 1] - vertices[a, 1], vertices[c, 2] - vertices[a, 2]
    return (
        e1x, e1y, e1z, e2x, e2y, e2z,
        e1y * e2z - e1z * e2y, e1z * e2x - e1x * e2z, e1x * e2y - e1y * e2x,
    )  # fmt: skip


@njit(nogil=True, cache=True, error_model="numpy")
def normals_forward(vertices, triangles, normals, lengths, first, last):
    """Sum area-weighted face normals at each vertex and make them unit; vertices of no face get zero."""
    for i in range(first, last):
        points, sums = vertices[i], normals[i]
        sums[:] = 0.0
        for t in range(triangles.shape[0]):
            a, b, c = triangles[t, 0], triangles[t, 1], triangles[t, 2]
            _, _, _, _, _, _, nx, ny, nz = _face(points, a, b, c)
            if not np.isfinite(nx + ny + nz):
                continue  # a broken vertex must not spoil its neighbours
            sums[a, 0] += nx
            sums[a, 1] += ny
            sums[a, 2] += nz
            sums[b, 0] += nx
            sums[b, 1] += ny
            sums[b, 2] += nz
            sums[c, 0] += nx
            sums[c, 1] += ny
            sums[c, 2] += nz
        for p in range(points.shape[0]):
            x, y, z = sums[p, 0], sums[p, 1], sums[p, 2]
            length = np.sqrt(x * x + y * y + z * z)
            lengths[i, p] = length
            if length > 0:
                scale = ONE / length
                sums[p, 0] = x * scale
                sums[p, 1] = y * scale
                sums[p, 2] = z * scale


@njit(nogil=True, cache=True, error_model="numpy")
def normals_backward(vertices, triangles, normals, lengths, grad_normals, grad_vertices, first, last):
    """Gradient of :func:`normals_forward` to the vertices."""
    sums = np.empty((vertices.shape[1], 3), np.float32)
    for i in range(first, last):
        points, grad = vertices[i], grad_vertices[i]
        grad[:] = 0.0
        for p in range(points.shape[0]):
            length = lengths[i, p]
            scale = ONE / length if length > 0 else np.float32(0)
            gx, gy, gz = grad_normals[i, p, 0], grad_normals[i, p, 1], grad_normals[i, p, 2]
            nx, ny, nz = normals[i, p, 0], normals[i, p, 1], normals[i, p, 2]
            along = gx * nx + gy * ny + gz * nz
            sums[p, 0] = (gx - along * nx) * scale
            sums[p, 1] = (gy - along * ny) * scale
            sums[p, 2] = (gz - along * nz) * scale
        for t in range(triangles.shape[0]):
            a, b, c = triangles[t, 0], triangles[t, 1], triangles[t, 2]
            e1x, e1y, e1z, e2x, e2y, e2z, nx, ny, nz = _face(points, a, b, c)
            if not np.isfinite(nx + ny + nz):
                continue
            gx = sums[a, 0] + sums[b, 0] + sums[c, 0]
            gy = sums[a, 1] + sums[b, 1] + sums[c, 1]
            gz = sums[a, 2] + sums[b, 2] + sums[c, 2]
            # n = e1 x e2: its gradients are e2 x g and g x e1
            bx, by, bz = e2y * gz - e2z * gy, e2z * gx - e2x * gz, e2x * gy - e2y * gx
            cx, cy, cz = gy * e1z - gz * e1y, gz * e1x - gx * e1z, gx * e1y - gy * e1x
            grad[b, 0] += bx
            grad[b, 1] += by
            grad[b, 2] += bz
            grad[c, 0] += cx
            grad[c, 1] += cy
            grad[c, 2] += cz
            grad[a, 0] -= bx + cx
            grad[a, 1] -= by + cy
            grad[a, 2] -= bz + cz


@njit(nogil=True, cache=True, error_model="numpy", inline="always")
def _basis(x, y, z):
    """The nine real spherical harmonics of a unit normal, (l, m) = (0, 0), (1, -1) ... (2, 2)."""
    return (
        Y0, -Y1 * y, Y1 * z, -Y1 * x,
        YP * x * y, -YP * y * z, YZ * (THREE * z * z - ONE), -YP * x * z, YD * (x * x - y * y),
    )  # fmt: skip


@njit(nogil=True, cache=True, error_model="numpy")
def shade_forward(albedo, normals, illumination, ambient, colours, first, last):
    """Write colour = albedo (ambient + sum_k c_k Y_k(n)) for (B, V, 3) vertices."""
    for i in range(first, last):
        for p in range(normals.shape[1]):
            basis = _basis(normals[i, p, 0], normals[i, p, 1], normals[i, p, 2])
            for channel in range(3):
                light = ambient
                for k in range(9):
                    light += illumination[i, 9 * channel + k] * basis[k]
                colours[i, p, channel] = albedo[i, p, channel] * light


@njit(nogil=True, cache=True, error_model="numpy")
def shade_backward(
    albedo, normals, illumination, ambient, grad_colours, grad_albedo, grad_normals, grad_illumination, first, last
):
    """Gradient of :func:`shade_forward` to albedo, normals and illumination."""
    weight = np.empty(9, np.float32)
    light_sums = np.empty(27, np.float64)
    for i in range(first, last):
        light_sums[:] = 0.0
        for p in range(normals.shape[1]):
            x, y, z = normals[i, p, 0], normals[i, p, 1], normals[i, p, 2]
            basis = _basis(x, y, z)
            weight[:] = 0
            for channel in range(3):
                g = grad_colours[i, p, channel]
                g_light = g * albedo[i, p, channel]
                light = ambient
                for k in range(9):
                    coefficient = illumination[i, 9 * channel + k]
                    light += coefficient * basis[k]
                    weight[k] += g_light * coefficient
                    light_sums[9 * channel + k] += g_light * basis[k]
                grad_albedo[i, p, channel] = g * light
            grad_normals[i, p, 0] = -Y1 * weight[3] + YP * (weight[4] * y - weight[7] * z) + TWO * YD * weight[8] * x
            grad_normals[i, p, 1] = -Y1 * weight[1] + YP * (weight[4] * x - weight[5] * z) - TWO * YD * weight[8] * y
            grad_normals[i, p, 2] = (
                Y1 * weight[2] - YP * (weight[5] * y + weight[7] * x) + TWO * THREE * YZ * weight[6] * z
            )
        for k in range(27):
            grad_illumination[i, k] = light_sums[k]
