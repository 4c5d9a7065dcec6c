"""Section ``shape_from_shading``: refining the depth of one face by the shading of its photo of 500 px."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import torch
from scipy import sparse
from scipy.sparse.linalg import spsolve

from seethrough.details.shading import PRESETS, ShadingSettings, refine_depth
from seethrough.details.shading.neighbours import alike
from seethrough.details.shading.reflectance import fit_albedo
from seethrough.rendering import Camera
from tools.benchmark.measuring import Measurement, measure
from tools.benchmark.registry import Case

SIZE = 500
_HALF = (SIZE * 0.26, SIZE * 0.36)  # of the face, px: what a foundation covers in the detail crop


def photo() -> tuple[torch.Tensor, torch.Tensor, torch.Tensor, Camera]:
    """Return the picture (3, S, S), depth and mask (S, S) of an ellipsoid with ripples and mottled skin."""
    rng = np.random.default_rng(0)
    y, x = np.mgrid[:SIZE, :SIZE] + 0.5 - SIZE / 2
    radius = (x / _HALF[0]) ** 2 + (y / _HALF[1]) ** 2
    depth = 1000 - 90 * np.sqrt(np.maximum(1.15 - radius, 0.1))
    rippled = depth + 0.2 * np.sin(y / 3.0) * np.cos(x / 40.0)
    slope_y, slope_x = np.gradient(rippled)
    bright = 0.6 * (1 - 0.25 * slope_x - 0.35 * slope_y) / np.sqrt(1 + (1.85 * slope_x) ** 2 + (1.85 * slope_y) ** 2)
    skin = np.array([1.0, 0.75, 0.65])[:, None, None] * (1 + 0.03 * rng.standard_normal((1, SIZE, SIZE)))
    maps = (np.clip(bright * skin, 0, 1), depth, radius < 1)
    image, distance, mask = (torch.from_numpy(values.astype(np.float32)) for values in maps)
    return image, distance, mask, Camera(1.85 * SIZE * 2, SIZE, SIZE)


def _refine(name: str, settings: ShadingSettings) -> Measurement:
    image, depth, mask, camera = photo()
    return measure("shape_from_shading", name, lambda: refine_depth(image, depth, mask, camera, settings), repeats=5)


def _albedo(name: str) -> Measurement:
    """Compare conjugate gradients on maps with a sparse factorisation of the same problem."""
    image, depth, mask, _ = photo()
    brightness, shaded = image.mean(0), torch.full((SIZE, SIZE), 0.5)
    neighbours = alike(brightness, depth, mask, cut=0.05, grey_variance=0.05, depth_variance=50.0)
    smoothness = PRESETS["default"].albedo_smoothness
    number = torch.full((SIZE, SIZE), -1, dtype=torch.long)
    inside = mask > 0
    number[inside] = torch.arange(int(inside.sum()))
    rows, columns, values = [], [], []
    for weight, (down, right) in zip(neighbours.weights, ((0, 1), (1, 0), (1, 1), (1, -1)), strict=True):
        first = number[: SIZE - down, max(0, -right) : SIZE - max(0, right)]
        second = number[down:, max(0, right) : SIZE + min(0, right)]
        both = weight > 0
        a, b, w = first[both].numpy(), second[both].numpy(), weight[both].double().numpy()
        rows += [a, b, a, b]
        columns += [a, b, b, a]
        values += [w, w, -w, -w]
    count = int(inside.sum())
    entries = (np.concatenate(values), (np.concatenate(rows), np.concatenate(columns)))
    difference = sparse.csc_matrix(entries, shape=(count, count))
    matrix = sparse.csc_matrix(0.25 * sparse.identity(count) + smoothness * difference @ difference)
    target = (0.5 * brightness[inside]).double().numpy()
    return measure(
        "shape_from_shading",
        name,
        lambda: fit_albedo(brightness, shaded, neighbours, mask, smoothness),
        repeats=5,
        reference=lambda: spsolve(matrix, target),
        reference_repeats=2,
    )


def cases() -> Mapping[str, Case]:
    """Return the cases of this section; only the albedo step has a reference, SciPy's sparse factorisation."""
    presets = {
        f"{SIZE} px {name}": (lambda n=name, s=settings: _refine(f"{SIZE} px {n}", s))
        for name, settings in PRESETS.items()
    }
    return {**presets, f"{SIZE} px albedo step": lambda: _albedo(f"{SIZE} px albedo step")}
