"""Light for synthetic scenes: random spherical-harmonics coefficients, and their fast evaluation on normals."""

from __future__ import annotations

from functools import cache

import numba
import numpy as np
import torch

from seethrough.rendering.harmonics import BAND_0
from seethrough.rendering.lighting import FOCUS_AMBIENT, spherical_harmonics

# Weights of the bands of a light that falls in from one direction on a matt surface (Ramamoorthi and Hanrahan 2001),
# divided by the value that they give where the surface faces the light.
COSINE_BANDS = np.repeat([np.pi, 2 * np.pi / 3, np.pi / 4], [1, 3, 5]) / 1.0625


def harmonics(directions: np.ndarray) -> np.ndarray:
    """Evaluate the 9 spherical harmonics of the renderer on (N, 3) unit vectors in the camera frame: (N, 9)."""
    return _monomials(directions) @ _to_polynomial()


def _monomials(directions: np.ndarray) -> np.ndarray:
    x, y, z = directions.T
    return np.stack([np.ones_like(x), x, y, z, x * y, y * z, x * z, x * x, y * y], 1)


@cache
def _to_polynomial() -> np.ndarray:
    """Return (9, 9): harmonics coefficients -> coefficients of the polynomial of :func:`irradiance`.

    On the unit sphere nine harmonics and nine monomials span the same space, so this is exact, and the sign and order
    conventions of the basis stay in one place, the renderer.
    """
    directions = np.random.default_rng(0).standard_normal((64, 3))
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    values = spherical_harmonics(torch.from_numpy(directions)[None])[0].numpy()
    # Rounded, so that the last bits do not depend on the machine's linear algebra.
    return np.linalg.lstsq(_monomials(directions), values, rcond=None)[0].round(12)


def polynomial(illumination: np.ndarray) -> np.ndarray:
    """Turn (27,) illumination coefficients (without ambient) into the (3, 9) polynomial that ``irradiance`` takes."""
    coefficients = illumination.reshape(3, 9).astype(np.float64)
    light = coefficients @ _to_polynomial().T
    light[:, 0] += FOCUS_AMBIENT
    return light.astype(np.float32)


@numba.njit(cache=True)
def irradiance(light, normals, out):
    """Write the light that falls on (N, 3) unit normals (camera frame, outward) into ``out`` (N, 3), not negative."""
    for i in range(normals.shape[0]):
        x, y, z = normals[i, 0], normals[i, 1], normals[i, 2]
        for c in range(3):
            q = light[c]
            value = q[0] + x * (q[1] + q[4] * y + q[6] * z + q[7] * x) + y * (q[2] + q[5] * z + q[8] * y) + q[3] * z
            out[i, c] = max(value, np.float32(0.0))


def random_illumination(rng: np.random.Generator) -> np.ndarray:
    """Draw (27,) illumination coefficients: sky, one key light, a weaker fill light, and a Gaussian remainder.

    One scene in five has coloured light and one in ten a hard light from the side.
    """
    coloured, hard = rng.random() < 0.2, rng.random() < 0.1
    spread = 0.1 if coloured else 0.025

    def colour() -> np.ndarray:
        return np.exp(rng.normal(0.0, spread, 3))

    side = np.sign(rng.uniform(-1, 1)) * rng.uniform(1.2, 3.0)
    key = (side, rng.normal(0.2, 0.4)) if hard else (rng.normal(0, 0.7), rng.normal(0.5, 0.5))
    fill = (rng.normal(0, 1.2), rng.normal(0.1, 0.6))
    towards = np.array([(x, -y, -1.0) for x, y in (key, fill)])
    from_key, from_fill = harmonics(towards / np.linalg.norm(towards, axis=1, keepdims=True)) * COSINE_BANDS
    sky = rng.uniform(0.22, 0.4) if hard else rng.uniform(0.3, 0.7)
    strength = rng.uniform(0.7, 1.0) if hard else rng.uniform(0.3, 0.9)
    # Cameras and photographers expose for the face: in photos it is brighter than the middle of the range.
    exposure = 1.2 * np.exp(rng.normal(0.0, 0.12))
    total = np.outer(colour(), from_key) * strength + np.outer(colour(), from_fill) * rng.uniform(0.0, 0.3)
    total += rng.normal(0, 0.04, (3, 9)) + rng.normal(0, 0.04, (1, 9))
    total[:, 0] += sky * colour() / BAND_0
    total *= exposure
    total[:, 0] -= FOCUS_AMBIENT / BAND_0
    return total.reshape(27).astype(np.float32)
