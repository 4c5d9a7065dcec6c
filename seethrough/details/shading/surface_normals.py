"""Normals of a depth map that a perspective camera sees: linear in the depth up to their length."""

from __future__ import annotations

import torch
from torch import Tensor

from seethrough.details.shading.pixel_grid import PixelGrid


def normal_field(depth: Tensor, grid: PixelGrid) -> Tensor:
    """Return normals that are not yet of unit length, towards the camera, camera frame.

    A pixel (x, y) px from the principal point shows the point (x z / f, y z / f, z). The cross product of its
    derivatives is, up to a positive factor, (f z_x, f z_y, -(z + x z_x + y z_y)): linear in z, so that a change of
    depth changes it by ``normal_field(change)``. Dividing by z gives (z_x f/z, z_y f/z, -1 - ...), the metric gradient.

    Args:
        depth: (H, W) mm along the optical axis.
        grid: the pixels of the same map.

    Returns:
        (3, H, W) in mm, 0 outside the mask.
    """
    slope_x, slope_y = grid.slope_x(depth), grid.slope_y(depth)
    forward = torch.addcmul(depth * grid.mask, grid.x, slope_x).addcmul_(grid.y, slope_y)
    return torch.stack([grid.focal * slope_x, grid.focal * slope_y, -forward])


def unit_normals(field: Tensor) -> tuple[Tensor, Tensor]:
    """Return unit normals (3, H, W) and the length (H, W) of a normal field; where that is 0, (0, 0, -1) and 1."""
    length = torch.linalg.vector_norm(field, dim=0)
    empty = length <= 0
    length = torch.where(empty, torch.ones_like(length), length)
    normals = field / length
    normals[2] = torch.where(empty, -torch.ones_like(length), normals[2])
    return normals, length


def slope_coefficients(sensitivity: Tensor, grid: PixelGrid) -> tuple[Tensor, Tensor, Tensor]:
    """Write ``sum_k sensitivity_k * normal_field(depth)_k`` as ``a z_x + b z_y + c z`` and return (a, b, c).

    Args:
        sensitivity: (3, H, W) what one unit of each component of the normal field is worth.
        grid: the pixels.
    """
    towards_x, towards_y, towards_z = sensitivity
    return (
        grid.focal * towards_x - grid.x * towards_z,
        grid.focal * towards_y - grid.y * towards_z,
        -towards_z,
    )
