"""Bad input ends in a clear error or an empty picture, never in a crash."""

from __future__ import annotations

import importlib
from typing import Any

import pytest
import torch

from seethrough.errors import SeethroughError
from seethrough.morphable import FaceParameters
from seethrough.rendering import Camera, FaceRenderer, Renderer, focus_camera, shade, vertex_normals
from seethrough.rendering.backends import get_backend
from seethrough.rendering.backends.cpu import CpuBackend
from tests.small_face import small_face_model

CPU = CpuBackend(threads=1)
TRIANGLES = torch.tensor([[0, 1, 2]], dtype=torch.int32)


def test_wrong_types_and_shapes_are_named() -> None:
    clip = torch.zeros(1, 3, 4)
    with pytest.raises(TypeError, match="must be float32"):
        CPU.rasterize(clip.double(), TRIANGLES, 8, 8)
    with pytest.raises(TypeError, match="tensor"):
        CPU.rasterize(clip.numpy(), TRIANGLES, 8, 8)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="shape"):
        CPU.rasterize(torch.zeros(3, 4), TRIANGLES, 8, 8)
    with pytest.raises(ValueError, match="0x8"):
        CPU.rasterize(clip, TRIANGLES, 8, 0)
    with pytest.raises(TypeError, match="int32 or int64"):
        CPU.rasterize(clip, TRIANGLES.float(), 8, 8)
    with pytest.raises(ValueError, match="only 2 vertices"):
        CPU.rasterize(clip[:, :2], TRIANGLES, 8, 8)
    with pytest.raises(ValueError, match="negative"):
        CPU.rasterize(clip, TRIANGLES - 1, 8, 8)
    with pytest.raises(ValueError, match="only 2 vertices"):
        CPU.interpolate(torch.zeros(1, 2, 3), torch.zeros(1, 8, 8, 4), TRIANGLES)
    with pytest.raises(ValueError, match="2 images"):
        CPU.interpolate(torch.zeros(1, 3, 3), torch.zeros(2, 8, 8, 4), TRIANGLES)
    with pytest.raises(ValueError, match="normals"):
        shade(torch.zeros(1, 3, 3), torch.zeros(1, 2, 3), torch.zeros(1, 27))
    with pytest.raises(ValueError, match=r"\(B, V, 3\)"):
        vertex_normals(torch.zeros(3, 3), TRIANGLES)
    with pytest.raises(ValueError, match="focal"):
        Camera(float("nan"), 8, 8)


def test_ids_that_no_triangle_has_are_skipped() -> None:
    rast = torch.rand(1, 4, 4, 4)
    rast[..., 3] = torch.tensor([[1e9, -5.0, float("nan"), 2.0]]).expand(1, 4, 4)
    attributes = torch.ones(1, 3, 2, requires_grad=True)
    image = CPU.interpolate(attributes, rast, TRIANGLES)
    assert not image.any()
    image.sum().backward()
    assert not attributes.grad.any()


def test_empty_batches_meshes_and_channels() -> None:
    camera = Camera(8.0, 8, 8)
    for visibility in ("none", "antialias", "edge"):
        for batch, triangles in ((0, TRIANGLES), (2, TRIANGLES[:0])):
            vertices = torch.ones(batch, 3, 3, requires_grad=True)
            out = Renderer(triangles, camera, visibility=visibility)(vertices, torch.ones(batch, 3, 2))
            assert out.image.shape == (batch, 2, 8, 8)
            assert not out.image.any()
            (out.image.sum() + out.mask.sum() + 0 * vertices.sum()).backward()
            assert vertex_normals(vertices, triangles).shape == (batch, 3, 3)
    assert Renderer(TRIANGLES, camera)(torch.ones(1, 3, 3), torch.ones(1, 3, 0)).image.shape == (1, 0, 8, 8)


def test_strided_inputs_give_the_same_picture() -> None:
    model = small_face_model()
    renderer = Renderer(model.triangles, focus_camera(32))
    posed = torch.tensor([0.0, 0.0, 1000.0]) + model.mean[None] * torch.tensor([1.0, -1.0, -1.0])
    plain = renderer(posed, model.albedo_mean[None])
    strided = torch.stack([posed, posed + 1], -1)[..., 0]
    assert not strided.is_contiguous()
    assert torch.equal(renderer(strided, model.albedo_mean.t().contiguous().t()[None]).image, plain.image)


def test_broken_vertices_spoil_only_their_triangles() -> None:
    model = small_face_model()
    renderer = FaceRenderer(model, focus_camera(48))
    sound = renderer(FaceParameters.zeros(model.sizes))
    model.mean[len(model.mean) // 2] = float("nan")
    broken = renderer(FaceParameters.zeros(model.sizes))
    assert torch.isfinite(broken.image).all()
    assert 0 < (sound.mask - broken.mask).sum() < 0.05 * sound.mask.sum()


def test_faces_that_cannot_be_seen_give_an_empty_picture() -> None:
    model = small_face_model()
    renderer = FaceRenderer(model, focus_camera(32))
    parameters = FaceParameters.zeros(model.sizes, 2)
    parameters.translation[0, 2] = -3000.0
    parameters.translation[1] = float("nan")
    parameters.translation.requires_grad_()
    out = renderer(parameters)
    assert not out.mask.any()
    assert not out.image.any()
    out.image.sum().backward()
    assert not parameters.translation.grad[0].any()


def test_unknown_names_list_the_choices() -> None:
    with pytest.raises(SeethroughError, match="auto, cpu, nvdiffrast"):
        get_backend("opengl")
    with pytest.raises(SeethroughError, match="none, antialias, edge"):
        Renderer(TRIANGLES, Camera(8.0, 8, 8), visibility="soft")
    with pytest.raises(SeethroughError, match="backend=cpu"):
        get_backend("nvdiffrast", "cpu")
    with pytest.raises(SeethroughError, match="cpu backend cannot"):
        get_backend("cpu", "meta")
    assert get_backend("auto", "cpu").name == "cpu"


def test_missing_nvdiffrast_is_told_with_its_command_and_licence(monkeypatch: pytest.MonkeyPatch) -> None:
    real = importlib.import_module

    def refuse(name: str, package: str | None = None) -> Any:
        if name.startswith("nvdiffrast"):
            raise ImportError("No module named 'nvdiffrast'")
        return real(name, package)

    monkeypatch.setattr(importlib, "import_module", refuse)
    with pytest.raises(
        SeethroughError, match=r"pip install git\+https://github.com/NVlabs/nvdiffrast.*non-commercial"
    ) as error:
        get_backend("auto", "cuda")
    assert "trainer.accelerator=cpu" in str(error.value)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("name", ["auto", "cpu", "nvdiffrast"])
def test_apples_gpu_is_told_the_way_out(name: str) -> None:
    with pytest.raises(SeethroughError, match=r"Apple's GPU.*trainer\.accelerator=cpu") as error:
        get_backend(name, "mps")
    assert "pip install" not in str(error.value)
