from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from seethrough.details import (
    apply_bump,
    bump_from_depths,
    decode_bump,
    displaced_points,
    encode_bump,
    foundation_depth,
    unproject,
)
from seethrough.details.depth import ray_lengths
from seethrough.details.foundation import Foundation
from seethrough.errors import SeethroughError
from seethrough.rendering import Camera

CAMERA = Camera(90.0, 12, 16, principal=(5.0, 9.0))
ALONG = pytest.mark.parametrize("along", ["z", "ray"])


def plane_depth(camera: Camera, normal: torch.Tensor, distance: float) -> torch.Tensor:
    """Return the depth of the plane n . p = distance along each pixel's ray."""
    directions = unproject(torch.ones(camera.height, camera.width, dtype=normal.dtype), camera)
    return distance / (directions @ normal)


@ALONG
@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_bump_applied_to_its_foundation_is_the_refined_depth(along: str, seed: int) -> None:
    draw = torch.Generator().manual_seed(seed)
    depth = 900 + 60 * torch.rand(1, 12, 16, generator=draw, dtype=torch.float64)
    refined = depth - 6 * torch.randn(1, 12, 16, generator=draw, dtype=torch.float64).clamp(-2, 2)
    mask = torch.rand(1, 12, 16, generator=draw) > 0.3
    bump = bump_from_depths(depth, refined, mask, along=along, camera=CAMERA)
    assert not bump[~mask].any()
    detailed = apply_bump(depth, bump, along=along, camera=CAMERA)
    torch.testing.assert_close(detailed, torch.where(mask, refined, depth), rtol=0, atol=1e-9)
    for bits, step in ((8, 1 / 9.6), (16, 1 / 2457.6)):
        coded = torch.from_numpy(decode_bump(encode_bump(bump.numpy(), bits))).double()
        back = apply_bump(depth, coded, along=along, camera=CAMERA)
        assert float((back - detailed).abs().max()) <= step / 2 + 1e-6


def test_positive_bumps_come_nearer() -> None:
    depth = torch.full((1, 12, 16), 800.0)
    assert bump_from_depths(depth, depth - 2, torch.ones(1, 12, 16))[0, 0, 0] == 2.0
    assert apply_bump(depth, torch.full_like(depth, 2.0))[0, 3, 3] == 798.0


def test_ray_bump_is_the_difference_of_distances() -> None:
    depth, refined = torch.full((12, 16), 800.0).double(), torch.full((12, 16), 797.0).double()
    bump = bump_from_depths(depth, refined, torch.ones(12, 16), along="ray", camera=CAMERA)
    distance = unproject(depth, CAMERA).norm(dim=-1) - unproject(refined, CAMERA).norm(dim=-1)
    torch.testing.assert_close(bump, distance)
    # by hand: the pixel (15.5, 0.5) lies (10.5, -8.5) px beside the axis
    torch.testing.assert_close(float(ray_lengths(CAMERA, depth)[0, 15]), (1 + (10.5**2 + 8.5**2) / 90**2) ** 0.5)


def test_points_move_as_their_definition_says() -> None:
    depth, bump = torch.full((12, 16), 700.0).double(), torch.full((12, 16), 3.0).double()
    base = unproject(depth, CAMERA)
    along_z = displaced_points(depth, bump, CAMERA, along="z")
    torch.testing.assert_close(base - along_z, torch.tensor([0.0, 0.0, 3.0]).double().expand(12, 16, 3))
    along_ray = displaced_points(depth, bump, CAMERA, along="ray")
    torch.testing.assert_close((base - along_ray).norm(dim=-1), bump)
    torch.testing.assert_close(torch.linalg.cross(base, along_ray), torch.zeros(12, 16, 3).double(), atol=1e-7, rtol=0)


def test_points_project_back_onto_their_pixels() -> None:
    depth = 600 + 100 * torch.rand(12, 16, dtype=torch.float64)
    seen = CAMERA.project(unproject(depth, CAMERA).reshape(1, -1, 3)).reshape(12, 16, 2)
    torch.testing.assert_close(seen[..., 0], (torch.arange(16) + 0.5).double().expand(12, 16))
    torch.testing.assert_close(seen[..., 1], (torch.arange(12) + 0.5).double()[:, None].expand(12, 16))


def test_gradients_of_both_definitions() -> None:
    camera = Camera(60.0, 3, 4, principal=(1.0, 2.0))
    depth = (50 + 5 * torch.rand(3, 4, dtype=torch.float64)).requires_grad_()
    bump = torch.rand(3, 4, dtype=torch.float64).requires_grad_()
    for along in ("z", "ray"):
        assert torch.autograd.gradcheck(lambda d, b, a=along: displaced_points(d, b, camera, along=a), (depth, bump))


def test_drawn_depth_is_that_of_the_surface_on_every_pixels_ray() -> None:
    corners = torch.tensor([[-400.0, -400.0], [400.0, -400.0], [400.0, 400.0], [-400.0, 400.0]])
    vertices = torch.cat([corners, (900 + 0.5 * corners[:, :1] - 0.25 * corners[:, 1:])], dim=1)
    triangles = torch.tensor([[0, 2, 1], [0, 3, 2]], dtype=torch.int32)  # they face the camera
    camera = Camera(60.0, 24, 24, principal=(4.0, 15.0))
    depth, mask = foundation_depth(Foundation(vertices, triangles, camera, torch.zeros(68, 2)), backend="cpu")
    assert depth.shape == mask.shape == (1, 24, 24)
    assert 0.5 < float(mask.mean()) <= 1
    wanted = plane_depth(camera, torch.tensor([-0.5, 0.25, 1.0]), 900.0)
    seen = mask[0] > 0
    torch.testing.assert_close(depth[0][seen], wanted[seen], rtol=1e-5, atol=1e-2)
    assert not depth[0][~seen].any()
    finer, _ = foundation_depth(Foundation(vertices, triangles, camera, torch.zeros(68, 2)), 48, backend="cpu")
    assert finer.shape == (1, 48, 48)


def test_mistakes_are_told() -> None:
    depth = torch.ones(12, 16)
    with pytest.raises(SeethroughError, match="along z or ray, not 'normal'"):
        apply_bump(depth, depth, along="normal")
    with pytest.raises(ValueError, match="camera"):
        apply_bump(depth, depth, along="ray")
    with pytest.raises(ValueError, match="camera of"):
        unproject(torch.ones(3, 3), CAMERA)
    assert np.isfinite(unproject(depth, CAMERA).numpy()).all()
