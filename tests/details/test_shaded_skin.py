from __future__ import annotations

import numpy as np
import pytest
import torch

from seethrough.details import unproject
from seethrough.details.depth import depth_normals
from seethrough.details.shaded_skin import LEAST_PIECE, STEEPEST_DEGREES, shaded_skin
from seethrough.rendering import Camera
from tests.small_face import small_face_model

CAMERA = Camera(400.0, 120, 120)
FAR = np.full((68, 2), -500.0)  # no eye, no mouth in the picture


def sphere(radius: float = 60.0, distance: float = 500.0) -> tuple[torch.Tensor, torch.Tensor]:
    """Return depth and mask of a sphere ahead of the camera, exactly."""
    rays = torch.nn.functional.normalize(unproject(torch.ones(120, 120, dtype=torch.float64), CAMERA), dim=-1)
    along = distance * rays[..., 2]
    inside = radius**2 - distance**2 + along**2
    seen = inside > 0
    depth = torch.where(seen, (along - inside.clamp_min(0).sqrt()) * rays[..., 2], 0.0)
    return depth, seen.double()


def test_normals_of_a_sphere_point_away_from_its_middle() -> None:
    depth, mask = sphere()
    normals = depth_normals(depth, mask, CAMERA)
    wanted = torch.nn.functional.normalize(unproject(depth, CAMERA) - torch.tensor([0, 0, 500.0]).double(), dim=-1)
    inner = (wanted[..., 2] < -0.5) & (mask > 0)
    assert float((normals - wanted)[inner].abs().max()) < 0.02
    torch.testing.assert_close(normals.norm(dim=-1), torch.ones_like(depth))


def test_normals_of_a_lone_pixel_and_outside_look_at_the_camera() -> None:
    mask = torch.zeros(120, 120, dtype=torch.float64)
    mask[50, 60] = 1
    normals = depth_normals(500 * mask, mask, CAMERA)
    torch.testing.assert_close(normals, torch.tensor([0.0, 0.0, -1.0]).double().expand(120, 120, 3))


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_normals_are_the_cross_product_of_steps_between_neighbours(dtype: torch.dtype) -> None:
    generator = torch.Generator().manual_seed(0)
    depth = 500 + torch.rand(120, 120, generator=generator, dtype=torch.float64).to(dtype)
    inside = torch.rand(120, 120, generator=generator) < 0.8
    points = unproject(depth, CAMERA)
    steps = []
    for axis in (0, 1):
        ahead, behind = (
            torch.where(torch.roll(inside, shift, axis)[..., None], torch.roll(points, shift, axis), points)
            for shift in (-1, 1)
        )
        steps.append(ahead - behind)
    normals = torch.linalg.cross(*steps)
    length = (normals[..., :1] ** 2 + normals[..., 1:2] ** 2 + normals[..., 2:] ** 2).sqrt()
    lone = ~inside[..., None] | (length < 0.7e-12)
    wanted = torch.where(lone, normals.new_tensor([0.0, 0.0, -1.0]), normals / length.clamp_min(1e-12))
    assert bool(lone.any())
    rounding = 8 * torch.finfo(dtype).eps
    torch.testing.assert_close(depth_normals(depth, inside, CAMERA), wanted, rtol=rounding, atol=rounding)


def test_flat_angles_do_not_count() -> None:
    depth, mask = sphere()
    skin = shaded_skin(depth, mask, CAMERA, FAR)
    points = unproject(depth, CAMERA)
    normals = torch.nn.functional.normalize(points - torch.tensor([0, 0, 500.0]).double(), dim=-1)
    degrees = torch.rad2deg(torch.acos(-(normals * torch.nn.functional.normalize(points, dim=-1)).sum(-1)))
    assert not skin[mask == 0].any()
    assert float(degrees[skin].max()) < STEEPEST_DEGREES + 3
    assert bool(skin[(mask > 0) & (degrees < STEEPEST_DEGREES - 8)].all())


def test_hidden_pixels_and_islands_do_not_count() -> None:
    depth, mask = sphere()
    visible = torch.ones(120, 120)
    visible[:, 60:] = 0.2
    piece = int((LEAST_PIECE * float(mask.sum())) ** 0.5)
    visible[58:62, 80:84] = 1.0  # 4 x 4, narrowed to less
    skin = shaded_skin(depth, mask, CAMERA, FAR, visible)
    assert piece > 4
    assert skin[60, 40]
    assert not skin[:, 60:].any()


@pytest.mark.parametrize("shut", [False, True])
def test_eyes_and_the_open_mouth_do_not_count(shut: bool) -> None:
    depth, mask = torch.full((120, 120), 500.0), torch.ones(120, 120)
    model = small_face_model(resolution=101)
    landmarks = model.mean[model.landmarks, :2].double().numpy() * [0.7, -0.7] + 60
    if shut:
        for part in (slice(36, 42), slice(42, 48), slice(60, 68)):
            landmarks[part, 1] = landmarks[part, 1].mean()
    skin = shaded_skin(depth, mask, CAMERA, landmarks)
    for part in (slice(36, 42), slice(42, 48), slice(60, 68)):
        column, row = np.round(landmarks[part].mean(0) - 0.5).astype(int)
        assert not skin[row, column]
        assert not skin[row, column + 1]
    column, row = np.round(landmarks[30] - 0.5).astype(int)
    assert skin[row, column]
    assert 0.85 < float(skin.float().mean()) < 1
