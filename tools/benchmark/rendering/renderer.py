"""Section ``renderer``: rasterize and interpolate, beside the same in torch autograd in float64."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from functools import partial

import torch
from torch import Tensor

from seethrough.morphable import FaceParameters
from seethrough.rendering import FaceRenderer, focus_camera, vertex_normals, warm_up
from seethrough.rendering.backends.cpu import CpuBackend
from seethrough.rendering.topology import MeshTopology
from seethrough.rendering.visibility import edge_gradient
from tools.benchmark.measuring import Measurement, measure
from tools.benchmark.registry import Case
from tools.benchmark.rendering.plain_rendering import autograd_picture, face_plainly
from tools.benchmark.rendering.scenes import posed_shell, shell_model

RESOLUTIONS = {"35k": 133, "53k": 164, "105k": 230}  # (resolution - 1)^2 * 2 triangles


def picture_measured(
    case: str,
    size: int,
    resolution: int,
    backward: bool,
    visibility: str = "none",
    batch: int = 8,
    compared: bool = True,
) -> Measurement:
    """Rasterize and interpolate shells.

    Args:
        case: name of the case.
        size: side of the picture, px.
        resolution: vertices along a side of the shell.
        backward: whether gradients are computed too.
        visibility: how gradients reach silhouettes.
        batch: pictures at once.
        compared: whether the reference runs in turn with it.
    """
    warm_up()
    model = shell_model(resolution, 1, 1, 1)
    camera = focus_camera(size)
    topology = MeshTopology(model.triangles)
    backend = CpuBackend()
    clip = camera.clip(posed_shell(model, batch))
    colours = torch.rand(batch, model.vertex_count, 3, generator=torch.Generator().manual_seed(2))
    weights = torch.rand(batch, size, size, 3, generator=torch.Generator().manual_seed(3))

    def kernels() -> Tensor:
        position, values = clip.detach().requires_grad_(backward), colours.detach().requires_grad_(backward)
        rast = backend.rasterize(position, topology, size, size, cull=True)
        image = backend.interpolate(values, rast, topology)
        if visibility == "antialias":
            image = backend.antialias(image, rast, position, topology)
        elif visibility == "edge":
            tolerance = camera.clip_depth_scale / camera.focal
            planes = image.permute(0, 3, 1, 2)
            image = edge_gradient(planes, rast, position, topology, depth_tolerance=tolerance).permute(0, 2, 3, 1)
        if backward:
            image.backward(weights)
        return rast.detach()

    rast = kernels()

    def torch_in_double() -> None:
        position = clip[:1].double().requires_grad_(backward)
        values = colours[:1].double().requires_grad_(backward)
        visible = backend.rasterize(clip[:1], topology, size, size, cull=True)
        picture = autograd_picture(position, model.triangles, values, visible)
        if backward:
            picture.backward(weights[:1][visible[..., 3] > 0].double())

    covered = float((rast[..., 3] > 0).sum()) / batch
    vertices, triangles = model.vertex_count, len(model.triangles)
    # clip, triangles, snapped vertices (written, read), ids and depths, rast, three corners and colours a pixel, image
    moved = vertices * 16 + triangles * 12 + 2 * vertices * 20 + size**2 * (8 + 16 + 12) + covered * 3 * (16 + 12)
    if backward:
        moved += size**2 * (12 + 16 + 16) + covered * 3 * 2 * (16 + 12) + vertices * (16 + 12)
    return measure(
        "renderer",
        case,
        kernels,
        per=batch,
        reference=torch_in_double if compared else None,
        flop=triangles * 40 + covered * (80 + (120 if backward else 0)),
        bytes_moved=moved,
    )


def _normals(triangles_name: str, batch: int = 8) -> Measurement:
    model = shell_model(RESOLUTIONS[triangles_name], 1, 1, 1)
    topology = MeshTopology(model.triangles)
    posed = posed_shell(model, batch)
    weights = torch.rand(posed.shape, generator=torch.Generator().manual_seed(0))

    def run(vertices: Tensor) -> Callable[[], None]:
        scale = weights[: len(vertices)].to(vertices.dtype)
        return lambda: vertex_normals(vertices.detach().requires_grad_(), topology).backward(scale)

    return measure(
        "renderer",
        f"{triangles_name} vertex normals forward+backward",
        run(posed),
        per=batch,
        reference=run(posed[:1].double()),
    )


def _face(size: int, resolution: int, backward: bool, name: str, batch: int = 32) -> Measurement:
    warm_up()
    model = shell_model(resolution, 40, 20, 24)
    renderer = FaceRenderer(model, focus_camera(size))
    parameters = FaceParameters.zeros(model.sizes, batch)
    generator = torch.Generator().manual_seed(0)
    for value in parameters:
        value.normal_(0, 0.1, generator=generator).requires_grad_(backward)
    weights = torch.rand(batch, 3, size, size, generator=generator)

    def step() -> None:
        image = renderer(parameters).image
        if backward:
            image.backward(weights)

    _, rast = renderer.renderer.rasterize(renderer(parameters).posed.detach())
    double = copy.deepcopy(model).double()
    codes = FaceParameters(*(value.detach().double().requires_grad_(backward) for value in parameters))
    seen = weights.permute(0, 2, 3, 1)[rast[..., 3] > 0].double()

    def plain() -> None:
        picture = face_plainly(double, renderer.camera, codes, rast)
        if backward:
            picture.backward(seen)

    return measure("renderer", name, step, per=batch, reference=plain, reference_per=batch)


def _name(size: int, triangles: str, backward: bool, visibility: str) -> str:
    suffix = "" if visibility == "none" else f" {visibility}"
    return f"{size} {triangles} forward{'+backward' if backward else ''}{suffix}"


def cases() -> Mapping[str, Case]:
    """Return the cases of this section."""
    pictures = [
        *((size, triangles, True, "none") for size in (224, 500) for triangles in RESOLUTIONS),
        (224, "53k", False, "none"),
        (500, "53k", False, "none"),
        (224, "53k", True, "antialias"),
        (224, "53k", True, "edge"),
    ]
    found: dict[str, Case] = {
        _name(*setting): partial(picture_measured, _name(*setting), setting[0], RESOLUTIONS[setting[1]], *setting[2:])
        for setting in pictures
    }
    found["53k vertex normals forward+backward"] = partial(_normals, "53k")
    for backward in (False, True):
        name = f"80 5k face forward{'+backward' if backward else ''}"
        found[name] = partial(_face, 80, 51, backward, name)
    return found
