"""The straightforward versions compute what they are compared with."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from seethrough.details.filling.blending import Source, blend
from seethrough.details.symmetry import PRESETS
from seethrough.details.symmetry.completion import complete_vertices
from seethrough.details.symmetry.vertex_graph import vertex_graph
from seethrough.morphable import FaceParameters, load_face_model
from seethrough.networks import SegmentationUNet
from seethrough.networks.bump_translator import BumpTranslator
from seethrough.networks.enlarged_convolution import EnlargedConvolution
from seethrough.rendering import FaceRenderer, focus_camera
from seethrough.rendering.backends.cpu import CpuBackend
from tools.benchmark.data.plain_distance import distances_to_mesh
from tools.benchmark.details.plain_filling import poisson_blend
from tools.benchmark.details.plain_symmetry import HalfSeen, complete_plainly
from tools.benchmark.details.translator import plain_translation
from tools.benchmark.plain_networks import written_plainly
from tools.benchmark.rendering.decode import decode_plainly
from tools.benchmark.rendering.plain_rendering import autograd_picture, face_plainly
from tools.benchmark.rendering.scenes import posed_shell, shell_model


def test_the_kernels_picture() -> None:
    model = shell_model(31, 1, 1, 1)
    clip = focus_camera(48).clip(posed_shell(model, 2))
    colours = torch.rand(2, model.vertex_count, 3)
    backend = CpuBackend()
    rast = backend.rasterize(clip, model.triangles, 48, 48, cull=True)
    image = backend.interpolate(colours, rast, model.triangles)
    expected = autograd_picture(clip.double(), model.triangles, colours.double(), rast)
    error = (image[rast[..., 3] > 0].double() - expected).abs()
    assert error.median() < 1e-6
    assert error.mean() < 1e-3


def test_faces_and_their_vertices() -> None:
    model = shell_model(31, 4, 3, 2)
    renderer = FaceRenderer(model, focus_camera(48))
    parameters = FaceParameters.zeros(model.sizes, 2)
    for value in parameters:
        value.normal_(0, 0.1, generator=torch.Generator().manual_seed(0))
    said = renderer(parameters)
    vertices, _ = decode_plainly(model, parameters.identity, parameters.expression, parameters.albedo)
    torch.testing.assert_close(vertices, said.vertices, atol=1e-3, rtol=0)
    _, rast = renderer.renderer.rasterize(said.posed)
    double = FaceParameters(*(value.double() for value in parameters))
    colours = face_plainly(shell_model(31, 4, 3, 2).double(), renderer.camera, double, rast)
    error = (said.image.permute(0, 2, 3, 1)[rast[..., 3] > 0] - colours).abs()
    assert error.median() < 1e-5 and error.mean() < 1e-3


def test_soft_symmetry() -> None:
    model = load_face_model("open", level=0)
    graph, random = vertex_graph(model), np.random.default_rng(0)
    foundation = graph.mean
    detailed = foundation + random.normal(0, 0.3, foundation.shape)
    visible = foundation[:, 0] > -10
    for part, _ in graph.loose_parts:
        visible[part] = False
    expected = complete_vertices(graph, foundation, detailed, np.zeros_like(detailed), visible, PRESETS["paper"])
    values = (graph.edges, graph.mirror, graph.paired, visible, foundation, detailed)
    found = complete_plainly(HalfSeen(*map(torch.from_numpy, values))).numpy()
    assert np.abs(found - expected).max() < 0.02
    assert np.abs(expected - foundation)[~visible].max() > 0.5


def test_poisson_blending() -> None:
    random = np.random.default_rng(0)
    y, x = np.mgrid[:40, :40]
    face = (x - 20) ** 2 + (y - 20) ** 2 < 17**2
    hole = face & (x > 18) & (np.abs(y - 20) < 7)  # as far as the outline
    bump, source = (random.normal(0, 1, (40, 40)).cumsum(0) / 5 for _ in range(2))
    expected = blend(bump, hole, face, [Source(source, face)]).bump
    maps = (torch.from_numpy(each) for each in (bump, source, hole, face))
    assert np.abs(poisson_blend(*maps).numpy() - expected).max() < 0.02


def test_bump_translation() -> None:
    translator = BumpTranslator(width=4, depth=3).eval()
    image = torch.rand(1, 3, 37, 50)
    plain = written_plainly(translator)
    with torch.no_grad():
        torch.testing.assert_close(plain_translation(plain, image), translator(image), atol=1e-4, rtol=0)


def test_a_segmentation_network_written_plainly() -> None:
    network = SegmentationUNet(widths=(4, 6, 8)).eval()
    plain, images = written_plainly(network), [torch.rand(2, 3, 40, 48) for _ in range(2)]
    assert not any(isinstance(module, EnlargedConvolution) for module in plain.modules())
    assert sum(isinstance(module, EnlargedConvolution) for module in network.modules()) == 2
    with torch.no_grad():
        torch.testing.assert_close(plain(*images), network(*images), atol=1e-5, rtol=0)


@pytest.mark.parametrize(
    ("point", "distance"),
    [((1.0, 1.0, -2.0), 2.0), ((-3.0, 1.0, 4.0), 5.0), ((4.0, 4.0, 0.0), 8**0.5), ((7.0, 0.0, 4.0), 5.0)],
)
def test_distances_to_inside_sides_and_corners(point: tuple[float, ...], distance: float) -> None:
    vertices = torch.tensor([[0.0, 0, 0], [4, 0, 0], [0, 4, 0], [50, 50, 50]])
    triangles = torch.tensor([[0, 1, 2], [3, 3, 3]], dtype=torch.int32)
    assert distances_to_mesh(torch.tensor([point]), vertices, triangles).item() == pytest.approx(distance, rel=1e-5)
