"""Relief on surfaces whose answer is known by hand."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from datamodules.detail.surface import compare, detailed_normals, fold_shadows, raise_along_rays

SIDE, FOCAL = 40, 80.0
HALF = SIDE / 2


def plane(normal: np.ndarray, distance: float = 100.0) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Attributes, rows and columns, numbers and rays of a plane (normal, outward) through (0, 0, distance)."""
    i, j = np.meshgrid(np.arange(SIDE), np.arange(SIDE), indexing="ij")
    rows = np.stack([i, j], -1).reshape(-1, 2).astype(np.int32)
    rays = np.stack([(rows[:, 1] + 0.5 - HALF) / FOCAL, (rows[:, 0] + 0.5 - HALF) / FOCAL, np.ones(len(rows))], 1)
    depth = normal[2] * distance / (rays @ normal)
    mixed = np.zeros((len(rows), 7), np.float32)
    mixed[:, 0], mixed[:, 3:6], mixed[:, 6] = depth, normal, 1
    return mixed, rows, np.arange(len(rows), dtype=np.int32).reshape(SIDE, SIDE), rays


def unit(x: float, y: float) -> np.ndarray:
    vector = np.array([x, y, -1.0])
    return vector / np.linalg.norm(vector)


@given(st.floats(-0.6, 0.6), st.floats(-0.6, 0.6), st.floats(0.05, 1.0))
@settings(max_examples=30, deadline=None)
def test_a_plane_that_is_raised_evenly_moves_by_that_much_along_its_normal(x: float, y: float, amount: float) -> None:
    normal = unit(x, y)
    mixed, rows, number, rays = plane(normal)
    bump, cosine = np.empty(len(rows), np.float32), np.empty(len(rows), np.float32)
    height = np.full((3, 3), amount, np.float32)
    raise_along_rays(mixed, rows, FOCAL, HALF, height, 0.0, 0.0, 1.0, bump, cosine)
    points = rays * (mixed[:, 0] - bump)[:, None]
    raised = (points - [0, 0, 100.0]) @ normal
    assert np.allclose(raised, amount, atol=2e-4)
    fine = np.empty((len(rows), 3), np.float32)
    detailed_normals(mixed, rows, number, FOCAL, HALF, bump, cosine, fine)
    inner = np.zeros((SIDE, SIDE), bool)
    inner[1:-1, 1:-1] = True
    assert np.allclose(fine[inner.ravel()], normal, atol=2e-4)


def test_normals_are_those_of_the_depth_map_with_waves() -> None:
    mixed, rows, number, rays = plane(unit(0.3, -0.2))
    bump = (0.3 * np.sin(rows[:, 1] / 4.0) + 0.2 * np.cos(rows[:, 0] / 5.0)).astype(np.float32)
    cosine = -(rays @ unit(0.3, -0.2)).astype(np.float32)
    fine = np.empty((len(rows), 3), np.float32)
    detailed_normals(mixed, rows, number, FOCAL, HALF, bump, cosine, fine)
    points = (rays * (mixed[:, 0].astype(np.float64) - bump)[:, None]).reshape(SIDE, SIDE, 3)
    normals = np.cross(np.gradient(points, axis=0), np.gradient(points, axis=1))
    normals /= np.linalg.norm(normals, axis=-1, keepdims=True)
    normals *= -np.sign((normals * points).sum(-1, keepdims=True))
    difference = np.degrees(np.arccos(np.clip((normals * fine.reshape(SIDE, SIDE, 3)).sum(-1), -1, 1)))
    assert difference[2:-2, 2:-2].max() < 0.4
    tilted = np.degrees(np.arccos(np.clip(fine @ unit(0.3, -0.2), -1, 1)))
    assert tilted.max() > 3


def test_relief_does_not_reach_over_a_step_in_depth() -> None:
    mixed, rows, number, _ = plane(unit(0, 0))
    right = rows[:, 1] >= SIDE // 2
    mixed[right, 0] += 30
    bump = np.where(right, 1.0, 0.0).astype(np.float32)
    cosine = np.ones(len(rows), np.float32)
    fine = np.empty((len(rows), 3), np.float32)
    detailed_normals(mixed, rows, number, FOCAL, HALF, bump, cosine, fine)
    assert np.degrees(np.arccos(np.clip(-fine[:, 2], -1, 1))).max() < 1


def test_a_ridge_shades_the_side_away_from_the_light() -> None:
    mixed, rows, number, _ = plane(unit(0, 0))
    mixed[:, 3:6] = unit(-0.6, 0)
    bump = (1.5 * np.exp(-(((rows[:, 1] - 20) / 1.5) ** 2))).astype(np.float32)
    towards = np.array([-1.0, 0.0, -0.05]) / np.hypot(1, 0.05)
    reaching = np.empty(len(rows), np.float32)
    fold_shadows(mixed, rows, number, FOCAL, bump, towards, 0.3, reaching)
    shade = reaching.reshape(SIDE, SIDE)[SIDE // 2]
    assert shade[22:24].max() < 0.3
    assert shade[:18].min() == 1
    assert shade[32:].min() == 1
    flat = np.empty(len(rows), np.float32)
    fold_shadows(mixed, rows, number, FOCAL, np.zeros_like(bump), towards, 0.3, flat)
    assert flat.min() == 1


def test_what_differs_by_more_than_the_limit_or_lies_over_an_edge_has_no_bump() -> None:
    mixed, rows, number, _ = plane(unit(0, 0))
    size = SIDE // 2
    rast = np.zeros((SIDE, SIDE, 4), np.float32)
    rast[..., 3], rast[0, 0, 3] = 1, 0
    triangles, depths = np.array([[0, 1, 2]], np.int32), np.full(3, 101.0, np.float32)
    mixed[number[5, 5], 0] = 150
    mixed[number[8:10, 8:10].ravel(), 0] = 120
    normals = np.tile(np.array([0, 0, -1], np.float32), (len(rows), 1))
    foundation, difference = np.zeros((size, size), np.float32), np.zeros((size, size), np.float32)
    defined, means = np.zeros((size, size), bool), np.zeros((size, size, 3), np.float32)
    bump = np.full(len(rows), 0.5, np.float32)
    limits = np.array([8.0, 5.0], np.float32)
    compare(rast, triangles, depths, mixed, number, bump, normals, limits, foundation, difference, defined, means)
    without = np.argwhere(~defined).tolist()
    assert without == [[0, 0], [2, 2], [4, 4]]
    assert np.allclose(difference[defined], 1.5, atol=1e-4)
    assert not difference[~defined].any()
