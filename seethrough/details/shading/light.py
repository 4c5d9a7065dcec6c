"""The light of a photo: spherical harmonics of first or second order, fitted to brightness over a known shape."""

from __future__ import annotations

import torch
from torch import Tensor

COEFFICIENTS = {1: 4, 2: 9}
"""Order -> number of coefficients."""


def light_basis(normals: Tensor, order: int) -> Tensor:
    """Return the monomials that span spherical harmonics up to ``order``: (x, y, z, 1) and then (xy, yz, xz, x2, y2).

    Args:
        normals: (3, ...) unit normals.
        order: 1 (RGBD-Fusion: three directions and ambient) or 2.

    Returns:
        (4 or 9, ...).
    """
    x, y, z = normals
    basis = [x, y, z, torch.ones_like(x)]
    if order == 2:
        basis += [x * y, y * z, x * z, x * x, y * y]
    elif order != 1:
        raise ValueError(f"light has order 1 or 2, not {order}")
    return torch.stack(basis)


def shading(light: Tensor, normals: Tensor) -> Tensor:
    """Return S(n), the brightness of white matt surfaces with (3, ...) unit normals under (4 or 9) coefficients."""
    order = 1 if len(light) == COEFFICIENTS[1] else 2
    return torch.tensordot(light, light_basis(normals, order), dims=1)


def shading_gradient(light: Tensor, normals: Tensor) -> Tensor:
    """Return dS/dn (3, ...), the normals taken as free vectors."""
    x, y, z = normals
    gradient = light[:3].reshape(3, *(1,) * (normals.ndim - 1)).expand_as(normals)
    if len(light) == COEFFICIENTS[1]:
        return gradient
    xy, yz, xz, xx, yy = light[4:]
    curved = torch.stack([xy * y + xz * z + 2 * xx * x, xy * x + yz * z + 2 * yy * y, yz * y + xz * x])
    return gradient + curved


def fit_light(
    brightness: Tensor, normals: Tensor, weight: Tensor, order: int = 1, *, rounds: int = 0, spread: float = 2.0
) -> Tensor:
    """Fit light to brightness by least squares, albedo 1 and no local light assumed (RGBD-Fusion, lighting step).

    Args:
        brightness: (H, W).
        normals: (3, H, W) unit.
        weight: (H, W) of each pixel, 0 outside the face.
        order: 1 or 2.
        rounds: how often pixels that the light does not explain (brows, lips, glints) are weighed down and the light is
            fitted anew; 0 is plain least squares.
        spread: median residuals at which a pixel counts a half (Cauchy).

    Returns:
        (4 or 9) coefficients; a little ridge keeps them finite where few normals differ.
    """
    inside = weight > 0
    basis, target, base = light_basis(normals, order)[:, inside], brightness[inside], weight[inside]
    kept = base
    light = target.new_zeros(COEFFICIENTS[order])
    for round_number in range(rounds + 1):
        weighted = basis * kept
        matrix = (weighted @ basis.T).double()
        ridge = 1e-6 * matrix.diagonal().mean().clamp_min(1e-12) * torch.eye(len(matrix), device=matrix.device)
        light = torch.linalg.solve(matrix + ridge, (weighted @ target).double()).to(target)
        if round_number < rounds:
            residual = (light @ basis - target).abs()
            scale = spread * residual.median().clamp_min(1e-4)
            kept = base / (1 + (residual / scale).square())
    return light
