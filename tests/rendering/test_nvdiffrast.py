"""The CPU backend against nvdiffrast, where there is a GPU with nvdiffrast installed."""

from __future__ import annotations

from functools import lru_cache
from importlib.util import find_spec

import pytest
import torch

from seethrough.rendering import focus_camera, pose
from seethrough.rendering.backends import get_backend
from tests.rendering.meshes import pixels_to_clip, random_triangles, sphere
from tests.small_face import small_face_model

pytestmark = [
    pytest.mark.gpu,
    pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device"),
    pytest.mark.skipif(find_spec("nvdiffrast") is None, reason="needs nvdiffrast"),
]

SCENES = (
    "triangle",
    "quad on pixel borders",
    "quad on pixel centres",
    "sphere",
    "face",
    "face from behind",
    "face over the border",
    "face at 500 px",
    "odd size",
    "soup",
)


@lru_cache(maxsize=1)
def scenes() -> dict[str, tuple[torch.Tensor, torch.Tensor, int, int]]:
    face = small_face_model(163)  # 53k triangles
    turned = pose(face.mean[None], torch.tensor([[0.1, 0.4, 0.0]]), torch.zeros(1, 3))
    away = pose(face.mean[None], torch.tensor([[0.0, 3.0, 0.0]]), torch.zeros(1, 3))
    beside = pose(face.mean[None], torch.zeros(1, 3), torch.tensor([[80.0, 60.0, -100.0]]))
    ball, ball_triangles = sphere(40, 80.0, (0.0, 0.0, 1000.0))
    camera = focus_camera(224)
    triangle = pixels_to_clip(
        torch.tensor([[3.0, 2.0], [60.0, 10.0], [5.0, 60.0]]), 64, 64, w=torch.tensor([1.0, 2, 3])
    )
    quad = pixels_to_clip(torch.tensor([[8.0, 8.0], [40.0, 8.0], [40.0, 40.0], [8.0, 40.0]]), 64, 64)
    return {
        "triangle": (triangle, torch.tensor([[0, 1, 2]]), 64, 64),
        "quad on pixel borders": (quad, torch.tensor([[0, 1, 2], [0, 2, 3]]), 64, 64),
        "quad on pixel centres": (
            quad + torch.tensor([1 / 64, 1 / 64, 0, 0]),
            torch.tensor([[0, 1, 2], [0, 2, 3]]),
            64,
            64,
        ),
        "sphere": (camera.clip(ball[None]), ball_triangles, 224, 224),
        "face": (camera.clip(turned), face.triangles, 224, 224),
        "face from behind": (camera.clip(away), face.triangles, 224, 224),
        "face over the border": (camera.clip(beside), face.triangles, 224, 224),
        "face at 500 px": (focus_camera(500).clip(turned), face.triangles, 500, 500),
        "odd size": (camera.clip(turned), face.triangles, 219, 101),
        "soup": (*random_triangles(200, 64, 64, 0), 64, 64),
    }


def test_every_scene_is_listed() -> None:
    assert tuple(scenes()) == SCENES


@pytest.mark.parametrize("name", SCENES)
@pytest.mark.parametrize("cull", [False, True])
def test_pictures_and_gradients_agree(name: str, cull: bool) -> None:
    clip, triangles, height, width = scenes()[name]
    generator = torch.Generator().manual_seed(0)
    attributes = torch.rand(1, clip.shape[1], 3, generator=generator)
    weights = torch.rand(1, height, width, 3, generator=generator)
    results = []
    for device in ("cpu", "cuda"):
        backend = get_backend("auto", device)
        position = clip.to(device, copy=True).requires_grad_()
        values = attributes.to(device, copy=True).requires_grad_()
        corners = triangles.int().to(device)
        rast = backend.rasterize(position, corners, height, width, cull)
        image = backend.interpolate(values, rast, corners)
        blended = backend.antialias(image, rast, position, corners)
        image.backward(weights.to(device))
        results.append([tensor.detach().cpu() for tensor in (rast, image, blended, position.grad, values.grad)])
    (rast, image, blended, to_clip, to_values), (rast_n, image_n, blended_n, to_clip_n, to_values_n) = results
    seen = (rast[..., 3] > 0) | (rast_n[..., 3] > 0)
    same = (rast[..., 3] == rast_n[..., 3]) & seen
    assert same.sum() >= 0.999 * seen.sum()
    torch.testing.assert_close(rast[same], rast_n[same], atol=1e-5, rtol=0)
    torch.testing.assert_close(image[same], image_n[same], atol=1e-5, rtol=0)
    assert (blended - blended_n)[same].abs().quantile(0.999) < 1e-4
    # single vertices of slivers are ill-conditioned: compare along motions of the whole mesh
    for direction in (clip, clip * torch.tensor([1.0, 0, 0, 0]), clip * torch.tensor([0, 1.0, 0, 0])):
        expected = float((to_clip_n * direction).sum())
        scale = float((to_clip_n * direction).abs().sum())
        assert float((to_clip * direction).sum()) == pytest.approx(expected, rel=1e-3, abs=1e-3 * scale)
    torch.testing.assert_close(to_values.sum(1), to_values_n.sum(1), rtol=1e-3, atol=1e-3)


def test_edge_gradient_agrees_across_devices() -> None:
    from seethrough.rendering.visibility import edge_gradient

    clip, triangles, height, width = scenes()["face"]
    rast = get_backend("cpu").rasterize(clip, triangles, height, width, cull=True)
    image = torch.rand(1, 3, height, width, generator=torch.Generator().manual_seed(0))
    grads = []
    for device in ("cpu", "cuda"):
        position = clip.to(device, copy=True).requires_grad_()
        out = edge_gradient(image.to(device), rast.to(device), position, triangles.to(device), depth_tolerance=0.2)
        out.square().sum().backward()
        grads.append(position.grad.cpu())
    scale = float(grads[0].abs().max())
    assert ((grads[0] - grads[1]).abs() > 1e-4 * scale).float().mean() < 1e-3
