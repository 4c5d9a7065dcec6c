"""Vertex attributes at the pixels: barycentric mix and its gradient."""

from __future__ import annotations

import numpy as np
from numba import njit


@njit(nogil=True, cache=True, error_model="numpy")
def interpolate_forward(attributes, triangles, rast, out, pixel_stride, channel_stride, first, last):
    """Mix (B, V, C) attributes into ``out`` (B, H*W*C), whose strides choose channels first or last."""
    channels = attributes.shape[2]
    height, width = rast.shape[1], rast.shape[2]
    for i in range(first, last):
        image = out[i]
        for y in range(height):
            for x in range(width):
                place = (y * width + x) * pixel_stride
                t = np.int64(rast[i, y, x, 3]) - 1
                if t < 0 or t >= triangles.shape[0]:
                    for k in range(channels):
                        image[place + k * channel_stride] = 0.0
                    continue
                u, v = rast[i, y, x, 0], rast[i, y, x, 1]
                r = np.float32(1.0) - u - v
                a, b, c = triangles[t, 0], triangles[t, 1], triangles[t, 2]
                for k in range(channels):
                    image[place + k * channel_stride] = (
                        u * attributes[i, a, k] + v * attributes[i, b, k] + r * attributes[i, c, k]
                    )


@njit(nogil=True, cache=True, error_model="numpy")
def interpolate_backward(
    attributes, triangles, rast, grad_out, pixel_stride, channel_stride, grad_attributes, grad_rast, first, last
):
    """Gradient of :func:`interpolate_forward` to the attributes and to u, v."""
    channels = attributes.shape[2]
    height, width = rast.shape[1], rast.shape[2]
    for i in range(first, last):
        grad_attributes[i] = 0.0
        image = grad_out[i]
        for y in range(height):
            for x in range(width):
                grad_u, grad_v = np.float32(0.0), np.float32(0.0)
                t = np.int64(rast[i, y, x, 3]) - 1
                if 0 <= t < triangles.shape[0]:
                    place = (y * width + x) * pixel_stride
                    u, v = rast[i, y, x, 0], rast[i, y, x, 1]
                    r = np.float32(1.0) - u - v
                    a, b, c = triangles[t, 0], triangles[t, 1], triangles[t, 2]
                    for k in range(channels):
                        g = image[place + k * channel_stride]
                        last_value = attributes[i, c, k]
                        grad_u += g * (attributes[i, a, k] - last_value)
                        grad_v += g * (attributes[i, b, k] - last_value)
                        grad_attributes[i, a, k] += g * u
                        grad_attributes[i, b, k] += g * v
                        grad_attributes[i, c, k] += g * r
                grad_rast[i, y, x, 0] = grad_u
                grad_rast[i, y, x, 1] = grad_v
                grad_rast[i, y, x, 2] = 0.0
                grad_rast[i, y, x, 3] = 0.0
