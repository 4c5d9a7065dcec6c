"""Hand-written gradients against autograd through the float64 oracle, at fixed visibility."""

from __future__ import annotations

import torch

from seethrough.rendering import focus_camera, pose, shade, vertex_normals
from seethrough.rendering.affine import transform
from seethrough.rendering.backends.cpu import CpuBackend
from tests.rendering.meshes import grid_mesh, pixels_to_clip
from tests.rendering.oracle import draw
from tests.small_face import small_face_model

CPU = CpuBackend(threads=1)


def test_gradcheck_of_the_oracle_in_clip_coordinates_and_attributes() -> None:
    points = torch.tensor([[1.0, 1.0], [11.0, 2.0], [2.0, 11.0], [11.5, 11.0]], dtype=torch.float64)
    clip = pixels_to_clip(points, 12, 12, w=torch.tensor([1.0, 2.0, 1.5, 3.0]))[0].requires_grad_()
    triangles = torch.tensor([[0, 2, 1], [1, 2, 3]])
    ids = CPU.rasterize(clip.detach().float()[None], triangles, 12, 12)[0, ..., 3].long() - 1
    attributes = torch.rand(4, 2, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(lambda c, a: draw(c, triangles, a, ids), (clip, attributes))


def test_kernels_equal_autograd_through_the_oracle_on_large_triangles() -> None:
    points, triangles = grid_mesh(3, 3)
    generator = torch.Generator().manual_seed(5)
    points = points * 20 + 2 + torch.rand(points.shape, generator=generator)
    depth, w = torch.rand(16, generator=generator) - 0.5, 1 + torch.rand(16, generator=generator)
    clip = pixels_to_clip(points, 24, 24, depth, w)
    attributes = torch.rand(1, 16, 4, generator=generator)
    weights = torch.randn(1, 24, 24, 4, generator=generator)
    clip_a, attributes_a = clip.clone().requires_grad_(), attributes.clone().requires_grad_()
    rast = CPU.rasterize(clip_a, triangles, 24, 24)
    image = CPU.interpolate(attributes_a, rast, triangles)
    (image * weights).sum().backward()
    clip_b, attributes_b = clip.double().requires_grad_(), attributes.double().requires_grad_()
    ids = rast[0, ..., 3].long() - 1
    expected = draw(clip_b[0], triangles, attributes_b[0], ids)
    (expected * weights[0]).sum().backward()
    torch.testing.assert_close(image[0].double(), expected, atol=2e-2, rtol=0)  # clamped within 1/16 px of edges
    assert (image[0].double() - expected).abs().median() < 1e-6
    # z reaches the picture in neither
    assert not clip_a.grad[..., 2].any()
    relative = (clip_a.grad - clip_b.grad).abs() / (clip_b.grad.abs() + 1)
    assert relative.max() < 1e-3
    # u and v are clamped to the triangle in the forward pass, which the scatter to the attributes sees
    torch.testing.assert_close(attributes_a.grad.double(), attributes_b.grad, atol=2e-2, rtol=1e-3)


def test_kernels_equal_the_oracle_on_a_face() -> None:
    model = small_face_model(41)
    camera = focus_camera(64)
    rotation = torch.tensor([[0.1, 0.4, -0.1]])
    clip = camera.clip(pose(model.mean[None], rotation, torch.zeros(1, 3)))
    clip_a, clip_b = clip.clone().requires_grad_(), clip.double().requires_grad_()
    colours = model.albedo_mean[None].contiguous()
    rast = CPU.rasterize(clip_a, model.triangles, 64, 64, cull=True)
    image = CPU.interpolate(colours, rast, model.triangles)
    weights = torch.randn(image.shape, generator=torch.Generator().manual_seed(0))
    (image * weights).sum().backward()
    expected = draw(clip_b[0], model.triangles, colours[0].double(), rast[0, ..., 3].long() - 1)
    (expected * weights[0]).sum().backward()
    error = (image[0].double() - expected).abs()
    assert error.median() < 1e-6
    assert error.quantile(0.99) < 1e-3
    seen = clip_b.grad.abs().sum(-1) > 0
    relative = ((clip_a.grad - clip_b.grad).norm(dim=-1) / clip_b.grad.norm(dim=-1).clamp_min(1e-12))[seen]
    assert relative.median() < 1e-4
    assert relative.quantile(0.99) < 2e-2


def test_picture_follows_a_small_motion_of_the_face() -> None:
    # interior only: a smooth colour, weights that vanish at the outline, so visibility plays no part
    model = small_face_model(41)
    camera = focus_camera(64)
    position = model.mean[:, :2] / 100
    colours = torch.stack([position.sum(1), position[:, 0] ** 2, position[:, 1]], 1)[None].contiguous()
    y, x = torch.meshgrid(torch.arange(64.0), torch.arange(64.0), indexing="ij")
    window = torch.exp(-(((x - 32) / 5) ** 2 + ((y - 32) / 5) ** 2))[None, ..., None]
    weights = torch.tensor([1.0, -2.0, 0.5])

    def loss(rotation: torch.Tensor, translation: torch.Tensor) -> torch.Tensor:
        clip = camera.clip(pose(model.mean[None], rotation, translation))
        rast = CPU.rasterize(clip, model.triangles, 64, 64, cull=True)
        return (CPU.interpolate(colours, rast, model.triangles) * window * weights).double().sum()

    rotation, translation = torch.zeros(1, 3, requires_grad=True), torch.zeros(1, 3, requires_grad=True)
    loss(rotation, translation).backward()
    for k in range(3):
        step = torch.zeros(1, 3)
        step[0, k] = 0.01
        slope = (loss(step, translation.detach()) - loss(-step, translation.detach())) / 0.02
        torch.testing.assert_close(rotation.grad[0, k].double(), slope.detach(), rtol=0.03, atol=0.3)
        step[0, k] = 2.0
        slope = (loss(rotation.detach(), step) - loss(rotation.detach(), -step)) / 4
        torch.testing.assert_close(translation.grad[0, k].double(), slope.detach(), rtol=0.02, atol=2e-3)


def test_interpolate_gradients_in_both_layouts() -> None:
    points, triangles = grid_mesh(2, 2)
    clip = pixels_to_clip(points * 10 + 1, 12, 12)
    rast = CPU.rasterize(clip, triangles, 12, 12)
    attributes = torch.rand(1, 9, 5)
    grads = []
    for channels_first in (False, True):
        a, r = attributes.clone().requires_grad_(), rast.clone().requires_grad_()
        image = CPU.interpolate(a, r, triangles, channels_first=channels_first)
        if channels_first:
            image = image.permute(0, 2, 3, 1)
        (image * torch.linspace(-1, 1, image.numel()).view(image.shape)).sum().backward()
        grads.append((image.detach(), a.grad, r.grad))
    for first, second in zip(*grads, strict=True):
        assert torch.equal(first, second)


def test_normals_and_shading_kernels_equal_float64_torch() -> None:
    model = small_face_model()
    generator = torch.Generator().manual_seed(0)
    vertices = model.mean + torch.randn(3, *model.mean.shape, generator=generator)
    albedo = torch.rand(3, *model.mean.shape, generator=generator)
    light = torch.randn(3, 27, generator=generator)
    weights = torch.randn(albedo.shape, generator=generator)
    results = []
    for dtype in (torch.float32, torch.float64):
        inputs = [tensor.to(dtype, copy=True).requires_grad_() for tensor in (vertices, albedo, light)]
        normals = vertex_normals(inputs[0], model.triangles)
        colours = shade(inputs[1], normals, inputs[2])
        (colours * weights).sum().backward()
        results.append([normals.detach(), colours.detach(), *(tensor.grad for tensor in inputs)])
    for single, double in zip(*results, strict=True):
        torch.testing.assert_close(single.double(), double, rtol=2e-4, atol=2e-4 * float(double.abs().max()))


def test_affine_kernel_equals_float64_torch_and_passes_gradcheck() -> None:
    generator = torch.Generator().manual_seed(0)
    points = torch.randn(3, 50, 3, generator=generator)
    matrix = torch.randn(3, 4, 4, generator=generator)
    weights = torch.randn(3, 50, 4, generator=generator)
    results = []
    for dtype in (torch.float32, torch.float64):
        inputs = [tensor.to(dtype, copy=True).requires_grad_() for tensor in (points, matrix)]
        out = transform(*inputs)
        (out * weights).sum().backward()
        results.append([out.detach(), *(tensor.grad for tensor in inputs)])
    by_hand = torch.cat([points, torch.ones(3, 50, 1)], 2) @ matrix.transpose(1, 2)
    torch.testing.assert_close(results[0][0], by_hand, atol=1e-5, rtol=1e-5)
    for single, double in zip(*results, strict=True):
        torch.testing.assert_close(single.double(), double, rtol=1e-5, atol=1e-5)
    small = [t[:, :4].double().requires_grad_() for t in (points, matrix)]
    assert torch.autograd.gradcheck(transform, small)


def test_gradcheck_of_normals_and_shading() -> None:
    points, triangles = grid_mesh(2, 2)
    height = torch.rand(9, 1, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    vertices = torch.cat([points.double(), height], 1)[None].requires_grad_()
    albedo = torch.rand(1, 9, 3, dtype=torch.float64, requires_grad=True)
    light = torch.randn(1, 27, dtype=torch.float64, requires_grad=True)

    def colours(v: torch.Tensor, a: torch.Tensor, c: torch.Tensor) -> torch.Tensor:
        return shade(a, vertex_normals(v, triangles), c)

    assert torch.autograd.gradcheck(colours, (vertices, albedo, light))
