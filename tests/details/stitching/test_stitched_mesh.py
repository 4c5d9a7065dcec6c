from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from seethrough.details import foundation_depth, foundation_from_vertices
from seethrough.details.stitching import PARTS, StitchSettings, check_mesh, fixed_topology_mesh, stitch
from seethrough.details.stitching.detail_weights import detail_weights
from seethrough.details.stitching.self_intersections import self_intersections
from seethrough.details.stitching.stitched_mesh import StitchedFace
from seethrough.details.stitching.untangling import triangle_normals, turned_over
from seethrough.details.symmetry import Completion, complete
from seethrough.details.symmetry.vertex_graph import vertex_graph
from seethrough.errors import SeethroughError
from seethrough.metrics.triangle_tree import TriangleTree
from seethrough.morphable import FaceModel, load_face_model
from seethrough.rendering import Camera, pose
from tests.small_face import small_face_model

MODEL = small_face_model(25)


def completed(model: FaceModel, yaw: float, pitch: float, seed: int, holes: int, size: int = 120) -> Completion:
    """Complete a face with ripples in its depth and square holes in its mask."""
    draw = torch.Generator().manual_seed(seed)
    identity = torch.randn(1, model.sizes.identity, generator=draw)
    expression = 0.5 * torch.randn(1, model.sizes.expression, generator=draw)
    vertices = pose(model.shape(identity, expression), torch.tensor([[pitch, yaw, 0.1]]), torch.zeros(1, 3))[0]
    foundation = foundation_from_vertices(model, vertices, Camera(1000 * size / 270, size, size))
    depth, mask = foundation_depth(foundation, backend="cpu")
    wave = torch.rand(4, generator=draw) + 0.5
    place = torch.arange(size) * 270 / size
    ripples = torch.sin(place[:, None] / (6 * wave[0])) * torch.cos(place / (6 * wave[1])) + wave[2] - 1
    for _ in range(holes):
        top, left = torch.randint(0, 90, (2,), generator=draw)
        mask[0, top : top + 30, left : left + 30] = 0
    return complete(foundation, model, depth - 0.6 * ripples, mask)


def check(done: Completion, face: StitchedFace, model: FaceModel) -> None:
    """Check all that a stitched mesh promises."""
    graph = vertex_graph(model)
    own, report = check_mesh(done.foundation, graph.triangles), check_mesh(face.vertices, face.triangles)
    assert report.clean, report
    assert report.borders == own.borders  # the face model's, refined, and no others: no seam is open
    # Every triangle of the face model is there once: its parts fill its place in the texture exactly.
    flat = np.concatenate([face.uv, np.zeros((len(face.uv), 1))], axis=1)
    coarse = triangle_normals(flat[: graph.vertex_count], graph.triangles)[:, 2]
    parts = triangle_normals(flat, face.triangles)[:, 2]
    assert (parts * coarse[face.parents] >= -1e-15).all()
    np.testing.assert_allclose(np.bincount(face.parents, parts, len(coarse)), coarse, atol=1e-12)
    before = triangle_normals(face.foundation, face.triangles)
    assert not turned_over(before, triangle_normals(face.camera_vertices, face.triangles)).any()
    np.testing.assert_allclose(done.frame(face.camera_vertices), face.vertices)
    assert sum(face.shares().values()) == pytest.approx(1)


@settings(max_examples=8, deadline=None)
@given(st.floats(-1.2, 1.2), st.floats(-0.5, 0.5), st.integers(0, 9999), st.integers(0, 4))
def test_any_pose_and_any_holes_give_one_clean_sheet(yaw: float, pitch: float, seed: int, holes: int) -> None:
    done = completed(MODEL, yaw, pitch, seed, holes)
    face = stitch(done, MODEL)
    check(done, face, MODEL)
    assert len(self_intersections(face.vertices, face.triangles)) == 0


@pytest.mark.slow
@pytest.mark.parametrize("first", [0, 50])
def test_a_hundred_poses_and_holes_of_a_face_with_eyes_and_mouth(first: int) -> None:
    model = load_face_model("open", level=0)
    for seed in range(first, first + 50):
        yaw, pitch = np.random.default_rng(seed).uniform([-1.3, -0.5], [1.3, 0.5]).tolist()
        done = completed(model, yaw, pitch, seed, seed % 5)
        face = stitch(done, model, StitchSettings(spacing=1.0))
        check(done, face, model)


def test_the_dense_points_of_both_sides_lie_on_the_mesh() -> None:
    done = completed(MODEL, 0.6, 0.1, 3, 0, size=200)
    face = stitch(done, MODEL, StitchSettings(spacing=1.0))
    assert min(face.shares()[name] for name in PARTS) > 0.001
    tree = TriangleTree.of(face.vertices, face.triangles)
    weights = detail_weights(vertex_graph(MODEL), done.visible)
    for points, weight in zip((done.dense, done.mirrored), weights, strict=True):
        inside = points.chosen((weight[points.corners] == 1).all(1))
        assert len(inside) > 300
        distance = np.sqrt(tree.closest(inside.points).squared)
        assert np.quantile(distance, 0.95) < 0.06
        sparse = TriangleTree.of(done.vertices, vertex_graph(MODEL).triangles)
        assert distance.mean() < 0.35 * np.sqrt(sparse.closest(inside.points).squared).mean()


def test_no_triangle_has_detail_of_both_sides() -> None:
    for seed in range(4):
        done = completed(MODEL, 0.4 * seed, 0.0, seed, seed)
        own, across = detail_weights(vertex_graph(MODEL), done.visible)
        corners = vertex_graph(MODEL).triangles
        assert not (own[corners].any(1) & across[corners].any(1)).any()
        assert done.visible[corners[own[corners].any(1)]].all()


def test_a_face_that_is_all_hidden_is_its_foundation() -> None:
    done = completed(MODEL, 0.2, 0.0, 0, 0)
    hidden = complete_nothing(done)
    face = stitch(hidden, MODEL)
    np.testing.assert_array_equal(face.triangles, vertex_graph(MODEL).triangles)
    np.testing.assert_allclose(face.vertices, hidden.foundation, atol=1e-6)
    assert face.shares()["sparse"] == 1


def complete_nothing(done: Completion) -> Completion:
    vertices = torch.from_numpy(done.frame.back(done.foundation)).float()
    foundation = foundation_from_vertices(MODEL, vertices, done.detail.camera)
    depth, mask = foundation_depth(foundation, backend="cpu")
    return complete(foundation, MODEL, depth, torch.zeros_like(mask))


def test_the_mesh_with_the_models_own_triangles() -> None:
    done = completed(MODEL, 0.5, 0.0, 1, 1)
    mesh = fixed_topology_mesh(done, MODEL)
    np.testing.assert_array_equal(mesh.triangles, MODEL.triangles.numpy())
    np.testing.assert_allclose(mesh.uv, MODEL.uv.numpy())
    assert np.mean(np.abs(mesh.vertices - done.vertices).max(1) < 1e-9) > 0.9
    face = stitch(done, MODEL)
    same = face.kept[: MODEL.vertex_count] == 1
    # Vertices of the model stay vertices of the stitched mesh; there they lie on the detailed surface in both.
    assert np.abs(face.vertices[: MODEL.vertex_count] - mesh.vertices)[same].max() < 0.3
    coloured = face.mesh(np.full((len(face.vertices), 3), 0.5))
    assert coloured.uv is not None and coloured.colours is not None


def test_eyeballs_move_as_a_whole() -> None:
    model = load_face_model("open", level=0)
    done = completed(model, 0.4, 0.0, 2, 0)
    moved = done.vertices - done.foundation
    parts = vertex_graph(model).loose_parts
    assert [len(members) for members, _ in parts] == [201, 201]
    for members, around in parts:
        np.testing.assert_allclose(moved[members], np.broadcast_to(moved[around].mean(0), (len(members), 3)))
        assert np.linalg.norm(moved[members[0]]) > 0


def test_mistakes_are_told_in_one_line() -> None:
    with pytest.raises(SeethroughError, match=r"spacing must be from 0.25 to 100 pixels, it is 0"):
        StitchSettings(spacing=0)
    with pytest.raises(SeethroughError, match="detail_limit must not be negative"):
        StitchSettings(detail_limit=-1)
