"""Affine maps of many points by one small matrix an image: matrix products with three columns are slow elsewhere."""

from __future__ import annotations

import numpy as np
from numba import njit


@njit(nogil=True, cache=True, error_model="numpy")
def affine_forward(points, matrix, out, first, last):
    """Write ``out`` (B, N, R) = matrix (B, R, 4) [points (B, N, 3); 1]."""
    for i in range(first, last):
        for row in range(matrix.shape[1]):
            mx, my, mz, offset = matrix[i, row, 0], matrix[i, row, 1], matrix[i, row, 2], matrix[i, row, 3]
            for p in range(points.shape[1]):
                out[i, p, row] = mx * points[i, p, 0] + my * points[i, p, 1] + mz * points[i, p, 2] + offset


@njit(nogil=True, cache=True, error_model="numpy")
def affine_backward(points, matrix, grad_out, grad_points, grad_matrix, first, last):
    """Gradient of :func:`affine_forward` to the points and to the matrix."""
    rows = matrix.shape[1]
    sums = np.empty((rows, 4), np.float64)
    for i in range(first, last):
        sums[:] = 0.0
        for p in range(points.shape[1]):
            x, y, z = points[i, p, 0], points[i, p, 1], points[i, p, 2]
            gx, gy, gz = np.float32(0), np.float32(0), np.float32(0)
            for row in range(rows):
                g = grad_out[i, p, row]
                gx += g * matrix[i, row, 0]
                gy += g * matrix[i, row, 1]
                gz += g * matrix[i, row, 2]
                sums[row, 0] += g * x
                sums[row, 1] += g * y
                sums[row, 2] += g * z
                sums[row, 3] += g
            grad_points[i, p, 0] = gx
            grad_points[i, p, 1] = gy
            grad_points[i, p, 2] = gz
        for row in range(rows):
            for k in range(4):
                grad_matrix[i, row, k] = sums[row, k]
