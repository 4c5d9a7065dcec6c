"""Gradients of outlines against finite differences of supersampled pictures."""

from __future__ import annotations

import pytest
import torch

from seethrough.rendering import Camera, Renderer, pose
from seethrough.rendering.backends.cpu import CpuBackend
from seethrough.rendering.topology import MeshTopology
from seethrough.rendering.visibility import edge_forces, edge_gradient
from tests.rendering.meshes import pixels_to_clip, sphere
from tests.small_face import small_face_model

SIZE = 128  # a force acts on the last covered pixel, up to half a pixel inside the outline: small pictures are biased
CAMERA = Camera(focal=534.0, height=SIZE, width=SIZE)
FINE = CAMERA.resized(SIZE * 8)


def supersampled(renderer: Renderer, vertices: torch.Tensor, colours: torch.Tensor, weights: torch.Tensor) -> float:
    with torch.no_grad():
        out = renderer(vertices, colours)
        both = torch.nn.functional.avg_pool2d(torch.cat([out.image, out.mask], 1).double(), 8)
    return float((both * weights).sum())


def motions(vertices: torch.Tensor) -> dict[str, torch.Tensor]:
    centre = vertices.mean(1, keepdim=True)
    unit = torch.zeros_like(vertices)
    x, y = unit.clone(), unit.clone()
    x[..., 0], y[..., 1] = 1, 1
    stretch = (vertices - centre) * torch.tensor([1.0, 0.0, 0.0]) / 50
    return {"x": x, "y": y, "stretch": stretch, "grow": (vertices - centre) / 50}


def check_motions(vertices, triangles, colours, weights, tolerance: float, visibility: str = "edge", cull=True) -> None:
    vertices = vertices.clone().requires_grad_()
    out = Renderer(triangles, CAMERA, visibility=visibility, cull=cull, threads=1)(vertices, colours)
    (torch.cat([out.image, out.mask], 1) * weights).sum().backward()
    fine = Renderer(triangles, FINE, cull=cull, threads=1)
    estimates, truths = [], []
    for direction in motions(vertices.detach()).values():
        h = 1.0
        high = supersampled(fine, vertices.detach() + h * direction, colours, weights)
        low = supersampled(fine, vertices.detach() - h * direction, colours, weights)
        truths.append((high - low) / (2 * h))
        estimates.append(float((vertices.grad * direction).sum()))
    estimate, truth = torch.tensor(estimates), torch.tensor(truths)
    slope = float(estimate @ truth / (truth @ truth))
    error = float((estimate - truth).norm() / truth.norm())
    assert abs(slope - 1) < tolerance, (slope, estimates, truths)
    assert error < 2 * tolerance, (error, estimates, truths)


def smooth_weights(channels: int) -> torch.Tensor:
    y, x = torch.meshgrid(*(torch.linspace(0, 48, SIZE),) * 2, indexing="ij")
    waves = [torch.sin(0.11 * (k + 1) * x + 0.07 * y + k) + 0.02 * x - 0.03 * y for k in range(channels)]
    return torch.stack(waves)[None].double()


@pytest.mark.parametrize("rings", [6, 20, 60])
def test_mask_gradient_of_a_sphere_at_every_density(rings: int) -> None:
    vertices, triangles = sphere(rings, 80.0, (3.0, -5.0, 1000.0))
    colours = torch.zeros(1, len(vertices), 1)
    weights = smooth_weights(2)
    weights[:, 0] = 0
    check_motions(vertices[None], triangles, colours, weights, 0.02)


def test_mask_gradient_of_single_triangles_both_ways() -> None:
    for seed in range(3):
        generator = torch.Generator().manual_seed(seed)
        vertices = torch.tensor([[-70.0, -60.0, 1000.0], [75.0, -40.0, 1050.0], [-20.0, 80.0, 950.0]])
        vertices = vertices + 15 * torch.randn(3, 3, generator=generator)
        weights = smooth_weights(2)
        weights[:, 0] = 0
        for visibility, tolerance in (("edge", 0.03), ("antialias", 0.05)):
            check_motions(
                vertices[None],
                torch.tensor([[0, 1, 2]]),
                torch.zeros(1, 3, 1),
                weights,
                tolerance,
                visibility,
                cull=False,
            )


def test_colour_gradient_of_one_sphere_in_front_of_another() -> None:
    # the outline that matters here is between two surfaces; only the front one moves
    back, back_triangles = sphere(24, 100.0, (10.0, 0.0, 1300.0))
    front, front_triangles = sphere(24, 50.0, (-5.0, 4.0, 1000.0))
    vertices = torch.cat([back, front])[None].requires_grad_()
    triangles = torch.cat([back_triangles, front_triangles + len(back)])
    colours = torch.cat([torch.tensor([0.9, 0.1]).expand(len(back), 2), torch.tensor([0.2, 0.7]).expand(len(front), 2)])
    weights = smooth_weights(2)
    out = Renderer(triangles, CAMERA, visibility="edge", threads=1)(vertices, colours[None].contiguous())
    (out.image * weights).sum().backward()
    fine = Renderer(triangles, FINE, threads=1)
    for axis in range(2):
        move = torch.zeros_like(vertices)
        move[:, len(back) :, axis] = 1.0
        args = (colours[None].contiguous(), torch.cat([weights, torch.zeros(1, 1, SIZE, SIZE).double()], 1))
        truth = supersampled(fine, vertices.detach() + move, *args) - supersampled(
            fine, vertices.detach() - move, *args
        )
        assert float((vertices.grad * move).sum()) == pytest.approx(truth / 2, rel=0.05)


@pytest.mark.parametrize("resolution", [15, 61, 151])
def test_neighbouring_triangles_of_a_smooth_surface_are_no_outline(resolution: int) -> None:
    # the surface fills the picture and does not fold, so even a wild picture on it has no outline
    model = small_face_model(resolution)
    posed = pose(model.mean[None] * 3, torch.tensor([[0.2, -0.3, 0.1]]), torch.tensor([[0.0, 0.0, 300.0]]))
    clip = CAMERA.clip(posed).requires_grad_()
    rast = CpuBackend(1).rasterize(clip.detach(), model.triangles, SIZE, SIZE)
    assert (rast[..., 3] > 0).all()
    image = torch.rand(1, 3, SIZE, SIZE, generator=torch.Generator().manual_seed(0))
    for tolerance in (0.0, CAMERA.clip_depth_scale / CAMERA.focal):
        clip.grad = None
        edge_gradient(image, rast, clip, model.triangles, depth_tolerance=tolerance).square().sum().backward()
        assert not clip.grad.any()
    # the same pixels, where the triangles are torn apart, are full of outlines
    torn = clip.detach()[:, model.triangles.flatten().long()].requires_grad_()
    triangles = torch.arange(torn.shape[1]).view(-1, 3)
    edge_gradient(image, rast, torn, triangles).square().sum().backward()
    assert torn.grad.abs().sum() > 1


def test_edge_gradient_leaves_the_picture_alone_and_torch_agrees_with_the_kernel() -> None:
    model = small_face_model()
    posed = pose(model.mean.expand(2, -1, -1), torch.tensor([[0.2, 0.9, 0.0], [0.0, -0.7, 0.3]]), torch.zeros(2, 3))
    clip = CAMERA.clip(posed).requires_grad_()
    rast = CpuBackend(1).rasterize(clip.detach(), model.triangles, SIZE, SIZE)
    generator = torch.Generator().manual_seed(0)
    image, grad = torch.rand(2, 4, SIZE, SIZE, generator=generator), torch.randn(2, 4, SIZE, SIZE, generator=generator)
    out = edge_gradient(image, rast, clip, model.triangles, depth_tolerance=0.01)
    assert torch.equal(out, image)
    out.backward(grad)
    expected = edge_forces(
        clip.detach().double(), MeshTopology(model.triangles), rast.double(), image.double(), grad.double(), 0.01
    )
    torch.testing.assert_close(clip.grad.double(), expected, rtol=1e-4, atol=1e-4 * float(expected.abs().max()))


def test_antialiasing_blends_by_the_distance_of_the_edge() -> None:
    # a vertical edge at x = 4.25: pixel 4 (centre 4.5) is not covered; its neighbour 3 (centre 3.5) is, d = .75,
    # so pixel 4 takes d - .5 = .25 of the triangle's colour
    backend = CpuBackend(1)
    clip = pixels_to_clip(torch.tensor([[-40.0, 4.0], [4.25, -40.0], [4.25, 48.0]]), 8, 8)
    triangles = torch.tensor([[0, 1, 2]])
    rast = backend.rasterize(clip, triangles, 8, 8)
    colour = (rast[..., 3:] > 0).float()
    blended = backend.antialias(colour, rast, clip, triangles)
    torch.testing.assert_close(blended[0, 4, :, 0], torch.tensor([1.0, 1, 1, 1, 0.25, 0, 0, 0]))


def test_antialiasing_gradient_is_that_of_its_picture() -> None:
    backend = CpuBackend(1)
    points = torch.tensor([[3.1, 2.3], [18.6, 6.2], [7.4, 19.3]])
    clip = pixels_to_clip(points, 24, 24, w=torch.tensor([1.0, 1.4, 1.2])).requires_grad_()
    triangles = torch.tensor([[0, 1, 2]])
    rast = backend.rasterize(clip.detach(), triangles, 24, 24)
    generator = torch.Generator().manual_seed(0)
    colour = torch.rand(1, 24, 24, 2, generator=generator).requires_grad_()
    weights = torch.rand(1, 24, 24, 2, generator=generator)
    (backend.antialias(colour, rast, clip, triangles) * weights).sum().backward()

    def loss(c: torch.Tensor, values: torch.Tensor) -> float:
        return float((backend.antialias(values, rast, c, triangles) * weights).double().sum())

    for vertex in range(3):
        for axis in (0, 1, 3):
            step = torch.zeros_like(clip)
            step[0, vertex, axis] = 3e-4
            slope = (loss(clip.detach() + step, colour.detach()) - loss(clip.detach() - step, colour.detach())) / 6e-4
            assert float(clip.grad[0, vertex, axis]) == pytest.approx(slope, rel=0.05, abs=0.05)
    step = torch.randn(colour.shape, generator=generator)
    slope = loss(clip.detach(), colour.detach() + step) - loss(clip.detach(), colour.detach())
    assert float((colour.grad * step).sum()) == pytest.approx(slope, rel=1e-4)


def test_without_visibility_the_mask_is_a_constant() -> None:
    vertices, triangles = sphere(8, 80.0, (0.0, 0.0, 1000.0))
    out = Renderer(triangles, CAMERA)(vertices[None].requires_grad_(), vertices[None])
    assert not out.mask.requires_grad
    assert out.image.requires_grad
