"""Constants and basis of the real spherical harmonics up to degree two."""

from __future__ import annotations

import math

import torch
from torch import Tensor

BAND_0 = math.sqrt(1 / (4 * math.pi))
BAND_1 = math.sqrt(3 / (4 * math.pi))
BAND_2_PRODUCT = math.sqrt(15 / (4 * math.pi))
BAND_2_ZENITH = math.sqrt(5 / (16 * math.pi))
BAND_2_DIFFERENCE = math.sqrt(15 / (16 * math.pi))


def spherical_harmonics(normals: Tensor) -> Tensor:
    """Evaluate the nine real spherical harmonics of degree 0 to 2 at unit normals.

    Orthonormal on the sphere, Condon-Shortley sign kept, no Lambertian factors; order (l, m) = (0, 0), (1, -1), (1, 0),
    (1, 1), (2, -2), (2, -1), (2, 0), (2, 1), (2, 2) (FOCUS, released code).

    Args:
        normals: (..., 3) unit vectors.

    Returns:
        (..., 9) basis values.
    """
    x, y, z = normals.unbind(-1)
    return torch.stack(
        [
            torch.full_like(x, BAND_0),
            -BAND_1 * y,
            BAND_1 * z,
            -BAND_1 * x,
            BAND_2_PRODUCT * x * y,
            -BAND_2_PRODUCT * y * z,
            BAND_2_ZENITH * (3 * z * z - 1),
            -BAND_2_PRODUCT * x * z,
            BAND_2_DIFFERENCE * (x * x - y * y),
        ],
        dim=-1,
    )
