from __future__ import annotations

import numpy as np
import torch

from datamodules.synthetic.light import harmonics, irradiance, polynomial, random_illumination
from seethrough.rendering.lighting import FOCUS_AMBIENT, shade


def test_the_polynomial_is_the_renderers_light() -> None:
    rng = np.random.default_rng(0)
    normals = rng.standard_normal((200, 3)).astype(np.float32)
    normals /= np.linalg.norm(normals, axis=1, keepdims=True)
    for _ in range(5):
        illumination = rng.normal(0, 0.5, 27).astype(np.float32)
        albedo = torch.ones(1, 200, 3)
        expected = shade(albedo, torch.from_numpy(normals)[None], torch.from_numpy(illumination)[None])[0].numpy()
        light = np.empty_like(normals)
        irradiance(polynomial(illumination), normals, light)
        np.testing.assert_allclose(light, np.maximum(expected, 0), atol=2e-5)


def test_zero_coefficients_are_ambient_light() -> None:
    light = np.empty((1, 3), np.float32)
    irradiance(polynomial(np.zeros(27)), np.array([[0, 0, -1]], np.float32), light)
    np.testing.assert_allclose(light, FOCUS_AMBIENT, rtol=1e-6)


def test_light_comes_from_above_and_before_the_face() -> None:
    directions = np.array([[0, 0, -1], [0, 0, 1], [0, -1, 0], [0, 1, 0]], float)
    seen = []
    for index in range(200):
        light = np.empty((4, 3), np.float32)
        irradiance(polynomial(random_illumination(np.random.default_rng(index))), directions.astype(np.float32), light)
        seen.append(light.mean(1))
    towards_camera, away, up, down = np.mean(seen, 0)
    assert 0.8 < towards_camera < 1.3
    assert away < 0.7 * towards_camera
    assert up > down


def test_harmonics_are_orthonormal() -> None:
    rng = np.random.default_rng(1)
    directions = rng.standard_normal((20000, 3))
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    values = harmonics(directions)
    np.testing.assert_allclose(4 * np.pi * values.T @ values / len(values), np.eye(9), atol=0.06)
