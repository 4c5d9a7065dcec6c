"""Camera, light, depth and the whole face renderer against values worked out by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from seethrough.morphable import FaceParameters
from seethrough.rendering import (
    FOCUS_AMBIENT,
    Camera,
    FaceRenderer,
    Renderer,
    focus_camera,
    pose,
    rotation_matrix,
    shade,
    spherical_harmonics,
    vertex_normals,
)
from tests.rendering.meshes import sphere
from tests.small_face import small_face_model


def test_focus_camera_is_the_released_one() -> None:
    camera = focus_camera(224)
    assert camera.focal == pytest.approx(1014.72)
    assert math.degrees(2 * math.atan(112 / camera.focal)) == pytest.approx(12.6, abs=0.02)
    # integer-centre principal point 111.5 is 112 with half-integer centres
    assert camera.project(torch.tensor([[[0.0, 0.0, 1000.0]]])).tolist() == [[[112.0, 112.0]]]
    assert focus_camera(224).resized(80) == focus_camera(80)


@given(st.floats(-300, 300), st.floats(-300, 300), st.floats(150, 9000))
def test_clip_and_project_agree(x: float, y: float, z: float) -> None:
    camera = Camera(focal=300.0, height=120, width=200)
    point = torch.tensor([[[x, y, z]]], dtype=torch.float64)
    clip = camera.clip(point)[0, 0]
    ndc = clip[:3] / clip[3]
    pixel = (ndc[:2] + 1) / 2 * torch.tensor([200, 120])
    torch.testing.assert_close(camera.project(point)[0, 0], pixel)
    assert clip[3] == z
    a = (camera.far + camera.near) / (camera.far - camera.near)
    assert float(ndc[2]) == pytest.approx(a - camera.clip_depth_scale / z)
    # one pixel to the right is one more in x: the picture is not mirrored
    right = camera.project(point + torch.tensor([z / 300.0, 0.0, 0.0]))
    torch.testing.assert_close(right[0, 0, 0], pixel[0] + 1)


def test_near_and_far_planes_are_minus_one_and_one() -> None:
    camera = Camera(100.0, 10, 10, near=50.0, far=700.0)
    clip = camera.clip(torch.tensor([[[0.0, 0.0, 50.0], [0.0, 0.0, 700.0]]], dtype=torch.float64))
    assert (clip[0, :, 2] / clip[0, :, 3]).tolist() == pytest.approx([-1.0, 1.0])


@given(st.lists(st.floats(-3, 3), min_size=3, max_size=3))
@settings(max_examples=30)
def test_rotation_is_the_product_of_its_three_turns(angles: list[float]) -> None:
    x, y, z = angles
    turns = [
        [[1, 0, 0], [0, math.cos(x), -math.sin(x)], [0, math.sin(x), math.cos(x)]],
        [[math.cos(y), 0, math.sin(y)], [0, 1, 0], [-math.sin(y), 0, math.cos(y)]],
        [[math.cos(z), -math.sin(z), 0], [math.sin(z), math.cos(z), 0], [0, 0, 1]],
    ]
    rx, ry, rz = (torch.tensor(turn, dtype=torch.float64) for turn in turns)
    expected = torch.diag(torch.tensor([1.0, -1.0, -1.0], dtype=torch.float64)) @ rx @ ry @ rz
    matrix = rotation_matrix(torch.tensor([angles], dtype=torch.float64))[0]
    torch.testing.assert_close(matrix, expected)
    assert float(torch.linalg.det(matrix)) == pytest.approx(1.0)


def test_a_face_at_rest_stands_upright_and_looks_at_the_camera() -> None:
    model = small_face_model()
    posed = pose(model.mean[None], torch.zeros(1, 3), torch.zeros(1, 3))
    torch.testing.assert_close(posed[0], model.mean * torch.tensor([1.0, -1.0, -1.0]) + torch.tensor([0, 0, 1000.0]))
    assert vertex_normals(model.mean[None], model.triangles)[0, :, 2].median() > 0.5
    assert vertex_normals(posed, model.triangles)[0, :, 2].median() < -0.5
    chin, brow = focus_camera().project(posed[:, model.landmarks[[8, 27]]])[0]
    assert chin[1] > brow[1]  # the chin is lower in the picture


def test_normals_of_a_sphere_point_outwards() -> None:
    vertices, triangles = sphere(24, 50.0, (1.0, 2.0, 3.0))
    normals = vertex_normals(vertices[None], triangles)[0]
    outwards = (vertices - torch.tensor([1.0, 2.0, 3.0])) / 50
    used = torch.zeros(len(vertices), dtype=torch.bool)
    used[triangles.long().flatten()] = True
    assert ((normals * outwards).sum(-1)[used] > 0.995).all()
    assert not normals[~used].any()


def test_spherical_harmonics_at_the_axes() -> None:
    # Y00 = 1/(2 sqrt(pi)); Y1m = sqrt(3/4pi) times -y, z, -x (Condon-Shortley); Y20(z) = sqrt(5/16pi) * 2
    basis = spherical_harmonics(torch.eye(3, dtype=torch.float64))
    one, two, zenith, square = 0.28209479177, 0.48860251190, 0.31539156525, 0.54627421529
    expected = [
        [one, 0, 0, -two, 0, 0, -zenith, 0, square],
        [one, -two, 0, 0, 0, 0, -zenith, 0, -square],
        [one, 0, two, 0, 0, 0, 2 * zenith, 0, 0],
    ]
    torch.testing.assert_close(basis, torch.tensor(expected, dtype=torch.float64))
    diagonal = spherical_harmonics(torch.tensor([1.0, 1.0, 1.0], dtype=torch.float64) / math.sqrt(3))
    # products: sqrt(15/4pi) / 3 with signs + - and -
    torch.testing.assert_close(
        diagonal[[4, 5, 7]], torch.tensor([1.0, -1, -1], dtype=torch.float64) * 1.09254843059 / 3
    )


def test_spherical_harmonics_are_orthonormal() -> None:
    z, weights = (torch.from_numpy(a) for a in np.polynomial.legendre.leggauss(8))
    turn = torch.arange(16, dtype=torch.float64) * (2 * math.pi / 16)
    ring = (1 - z**2).sqrt()[:, None]
    points = torch.stack([ring * turn.cos(), ring * turn.sin(), z[:, None].expand(8, 16)], -1)
    basis = spherical_harmonics(points.double())
    product = torch.einsum("ijk,ijl,i->kl", basis, basis, weights) * (2 * math.pi / 16)
    torch.testing.assert_close(product, torch.eye(9, dtype=torch.float64), atol=1e-12, rtol=0)


def test_shading_by_hand() -> None:
    assert pytest.approx(1.2407, abs=1e-4) == FOCUS_AMBIENT
    light = torch.zeros(1, 27)
    light[0, 9 + 2] = 2.0  # green, along z
    normals = torch.tensor([[[0.0, 0.0, -1.0], [1.0, 0.0, 0.0]]])
    colours = shade(torch.full((1, 2, 3), 0.5), normals, light)
    half = FOCUS_AMBIENT / 2
    expected = torch.tensor([[[half, half - 0.48860251, half], [half, half, half]]])
    torch.testing.assert_close(colours, expected)


def test_depth_and_normal_maps_of_a_sphere() -> None:
    camera = Camera(focal=300.0, height=64, width=64)
    vertices, triangles = sphere(80, 60.0, (0.0, 0.0, 800.0))
    renderer = Renderer(triangles, camera)
    depth, mask = renderer.depth(vertices[None])
    normals, _ = renderer.normals(vertices[None])
    y, x = torch.meshgrid(torch.arange(64) + 0.5, torch.arange(64) + 0.5, indexing="ij")
    ray = torch.stack([(x - 32) / 300, (y - 32) / 300, torch.ones(64, 64)])
    a, b, c = (ray**2).sum(0), -2 * 800 * ray[2], 800.0**2 - 60.0**2
    root = b**2 - 4 * a * c
    hit = root > 0
    assert (mask[0, 0].bool() ^ hit).float().mean() < 0.01
    z = (-b - root.clamp_min(0).sqrt()) / (2 * a)
    inner = root > 0.2 * root.max()
    torch.testing.assert_close(depth[0, 0][inner], z[inner], atol=0.3, rtol=0)
    expected = (ray * z - torch.tensor([0.0, 0.0, 800.0])[:, None, None]) / 60
    assert ((normals[0] * expected).sum(0)[inner] > 0.999).all()
    assert not depth[mask == 0].any()


def test_forward_and_geometry_agree_with_the_model() -> None:
    model = small_face_model()
    renderer = FaceRenderer(model, focus_camera(64))
    generator = torch.Generator().manual_seed(0)
    values = [torch.randn(3, size, generator=generator) * 0.3 for size in model.sizes.as_list()]
    parameters = FaceParameters(*values)
    out = renderer(parameters)
    assert out.image.shape == (3, 3, 64, 64)
    assert out.image.is_contiguous()
    torch.testing.assert_close(out.vertices, model.shape(parameters.identity, parameters.expression))
    torch.testing.assert_close(out.posed, pose(out.vertices, parameters.rotation, parameters.translation))
    geometry = renderer.geometry(parameters)
    torch.testing.assert_close(geometry.landmarks, out.landmarks, atol=1e-4, rtol=0)
    torch.testing.assert_close(geometry.vertices, out.vertices[:, model.landmarks], atol=1e-4, rtol=1e-5)
    # a landmark's pixel shows the colour of its vertex
    nose = out.landmarks[:, 30].long()
    for b in range(3):
        torch.testing.assert_close(
            out.image[b, :, nose[b, 1], nose[b, 0]], out.colours[b, model.landmarks[30]], atol=0.15, rtol=0
        )


def test_fewer_modes_than_the_model_count_as_zero() -> None:
    model = small_face_model()
    renderer = FaceRenderer(model, focus_camera(32))
    few = FaceParameters.zeros(model.sizes, 2)
    few.identity[:, :3] = 0.7
    full = renderer(few)
    cut = few.with_changes(identity=few.identity[:, :3], expression=few.expression[:, :1], albedo=few.albedo[:, :2])
    torch.testing.assert_close(renderer(cut).image, full.image)
    torch.testing.assert_close(renderer.geometry(cut).landmarks, full.landmarks, atol=1e-4, rtol=0)


def test_state_dict_stays_empty() -> None:
    renderer = FaceRenderer(small_face_model(), focus_camera(32))
    assert renderer.state_dict() == {}
    assert list(renderer.parameters()) == []


def test_gradients_reach_every_kind_of_parameter() -> None:
    model = small_face_model()
    parameters = FaceParameters.zeros(model.sizes, 2)
    for value in parameters:
        value.requires_grad_()
    FaceRenderer(model, focus_camera(48))(parameters).image.square().sum().backward()
    for value in parameters:
        assert value.grad.abs().sum() > 0


def test_equals_the_focus_formula() -> None:
    """The released renderer: pixel centres at integers, principal point 111.5, weights affine in the picture."""
    from seethrough.rendering.backends.cpu import CpuBackend
    from tests.rendering.oracle import draw

    model, camera = small_face_model(31), focus_camera(64)
    posed = pose(model.mean[None], torch.tensor([[0.1, 0.3, 0.05]]), torch.zeros(1, 3))
    integer_centred = camera.project(posed) - 0.5
    # w = 1 makes the weights affine; half a pixel turns integer centres into half-integer ones
    ndc = (integer_centred + 0.5) / 64 * 2 - 1
    depth = posed[..., 2:] / 1000 - 1
    flat = torch.cat([ndc, depth, torch.ones_like(depth)], -1)
    backend = CpuBackend()
    rast = backend.rasterize(flat, model.triangles, 64, 64, cull=True)
    image = backend.interpolate(model.albedo_mean[None].contiguous(), rast, model.triangles)[0]
    # the reference: for each pixel the nearest front-facing triangle whose affine weights are all >= 0
    p = integer_centred[0].double()
    corners = p[model.triangles.long()]
    e1, e2 = corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]
    area = e1[:, 0] * e2[:, 1] - e1[:, 1] * e2[:, 0]
    y, x = torch.meshgrid(torch.arange(64.0).double(), torch.arange(64.0).double(), indexing="ij")
    dx, dy = x - corners[:, 0, 0, None, None], y - corners[:, 0, 1, None, None]
    w1 = (dx * e2[:, 1, None, None] - dy * e2[:, 0, None, None]) / area[:, None, None]
    w2 = (dy * e1[:, 0, None, None] - dx * e1[:, 1, None, None]) / area[:, None, None]
    inside = (w1 >= 0) & (w2 >= 0) & (w1 + w2 <= 1) & (area < 0)[:, None, None]
    z = posed[0, :, 2].double()[model.triangles.long()]
    weighted = (1 - w1 - w2) * z[:, 0, None, None] + w1 * z[:, 1, None, None] + w2 * z[:, 2, None, None]
    ids = torch.where(inside, weighted, torch.inf).min(0)
    reference_ids = torch.where(ids.values.isinf(), -1, ids.indices)
    ours = rast[0, ..., 3].long() - 1
    overlap = ((ours >= 0) & (reference_ids >= 0)).sum() / ((ours >= 0) | (reference_ids >= 0)).sum()
    assert overlap > 0.995
    expected = draw(flat[0].double(), model.triangles, model.albedo_mean.double(), reference_ids)
    same = (ours == reference_ids) & (ours >= 0)
    assert same.sum() > 0.95 * (ours >= 0).sum()  # snapping to 1/16 px moves edges across a few centres
    assert (image.double() - expected)[same].abs().quantile(0.99) < 1e-4
