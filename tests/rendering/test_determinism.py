"""The same bits whatever the batch, the number of threads and the run."""

from __future__ import annotations

import multiprocessing

import pytest
import torch

from seethrough.morphable import FaceParameters
from seethrough.rendering import FaceRenderer, focus_camera
from tests.small_face import small_face_model


def render_and_differentiate(visibility: str, threads: int, part: slice = slice(None)) -> list[torch.Tensor]:
    model = small_face_model()
    renderer = FaceRenderer(model, focus_camera(48), visibility=visibility, threads=threads)
    generator = torch.Generator().manual_seed(1)
    values = [torch.randn(5, size, generator=generator) * 0.3 for size in model.sizes.as_list()]
    parameters = FaceParameters(*values)[part]
    posed_grads = [value.requires_grad_() for value in parameters]
    rendering = renderer(parameters)
    weights = torch.rand(5, 3, 48, 48, generator=generator)[part]
    loss = (rendering.image * weights).sum() + (rendering.mask * weights[:, :1]).sum()
    rendering.posed.retain_grad()
    loss.backward()
    return [rendering.image.detach(), rendering.mask.detach(), rendering.posed.grad, *(v.grad for v in posed_grads)]


@pytest.mark.parametrize("visibility", ["none", "antialias", "edge"])
def test_threads_do_not_change_a_bit(visibility: str) -> None:
    one = render_and_differentiate(visibility, 1)
    for threads in (2, 3):
        for a, b in zip(one, render_and_differentiate(visibility, threads), strict=True):
            assert torch.equal(a, b)


@pytest.mark.parametrize("visibility", ["none", "antialias", "edge"])
def test_a_batch_equals_its_images_one_by_one(visibility: str) -> None:
    from seethrough.rendering import Renderer, vertex_normals

    model = small_face_model()
    renderer = Renderer(model.triangles, focus_camera(48), visibility=visibility, threads=1)
    posed = model.mean * torch.tensor([1.0, -1.0, -1.0]) + torch.tensor([0.0, 0.0, 1000.0])
    posed = posed + 5 * torch.randn(4, 1, 3, generator=torch.Generator().manual_seed(0))

    def run(vertices: torch.Tensor) -> list[torch.Tensor]:
        vertices = vertices.clone().requires_grad_()
        out = renderer(vertices, vertex_normals(vertices, model.triangles))
        (out.image.square().sum() + out.mask.sum()).backward()
        return [out.image.detach(), out.mask.detach(), out.rast.detach(), vertices.grad]

    batch = run(posed)
    for i in range(4):
        for whole, single in zip(batch, run(posed[i : i + 1]), strict=True):
            assert torch.equal(whole[i : i + 1], single)


def _render_in_child(queue: multiprocessing.SimpleQueue) -> None:
    queue.put(float(render_and_differentiate("none", 2)[0].sum()))


def test_a_forked_worker_makes_its_own_threads() -> None:
    expected = float(render_and_differentiate("none", 2)[0].sum())  # the pool exists before the fork
    context = multiprocessing.get_context("fork")
    queue = context.SimpleQueue()
    process = context.Process(target=_render_in_child, args=(queue,))
    process.start()
    process.join(60)
    assert process.exitcode == 0
    assert queue.get() == expected
