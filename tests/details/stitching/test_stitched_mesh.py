from __future__ import annotations

from dataclasses import replace

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


OCCLUSIONS = ("nothing", "squares", "hand", "half", "speckle")


def occluded(mask: torch.Tensor, kind: str, draw: torch.Generator) -> torch.Tensor:
    """Return a mask (1, S, S) with what some kind of occluder leaves of it."""
    mask, size = mask.clone(), mask.shape[-1]
    row, column = torch.meshgrid(torch.arange(size), torch.arange(size), indexing="ij")
    if kind == "squares":
        for top, left in torch.randint(0, size * 3 // 4, (3, 2), generator=draw).tolist():
            mask[0, top : top + size // 4, left : left + size // 4] = 0
    if kind == "hand":
        turn, at = 3.14 * torch.rand(1, generator=draw), size * (0.3 + 0.4 * torch.rand(2, generator=draw))
        along = (row - at[0]) * turn.cos() + (column - at[1]) * turn.sin()
        across = (column - at[1]) * turn.cos() - (row - at[0]) * turn.sin()
        mask[0, (along / 0.35) ** 2 + (across / 0.1) ** 2 < size**2] = 0
    if kind == "half":
        side, at = torch.randint(0, 4, (1,), generator=draw), 0.5 * size
        mask[0, torch.stack([row < at, row > at, column < at, column > at])[side][0]] = 0
    if kind == "speckle":
        mask[0, torch.rand(size, size, generator=draw) < 0.1] = 0
    return mask


def completed(
    model: FaceModel, yaw: float, pitch: float, seed: int, occlusion: str = "nothing", size: int = 120
) -> Completion:
    """Complete a face with ripples in its depth and an occluder in its mask."""
    draw = torch.Generator().manual_seed(seed)
    identity = torch.randn(1, model.sizes.identity, generator=draw)
    expression = 0.5 * torch.randn(1, model.sizes.expression, generator=draw)
    vertices = pose(model.shape(identity, expression), torch.tensor([[pitch, yaw, 0.1]]), torch.zeros(1, 3))[0]
    foundation = foundation_from_vertices(model, vertices, Camera(1000 * size / 270, size, size))
    depth, mask = foundation_depth(foundation, backend="cpu")
    wave = torch.rand(4, generator=draw) + 0.5
    place = torch.arange(size) * 270 / size
    ripples = torch.sin(place[:, None] / (6 * wave[0])) * torch.cos(place / (6 * wave[1])) + wave[2] - 1
    return complete(foundation, model, depth - 0.6 * ripples, occluded(mask, occlusion, draw))


def border_edges(triangles: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return (N, 2) edges of one triangle only, and (N,) that triangle."""
    sides = np.sort(np.concatenate([triangles[:, [0, 1]], triangles[:, [1, 2]], triangles[:, [2, 0]]]), axis=1)
    edges, first, count = np.unique(sides, axis=0, return_index=True, return_counts=True)
    return edges[count == 1], first[count == 1] % len(triangles)


def crossings(vertices: np.ndarray, triangles: np.ndarray, parents: np.ndarray) -> set[tuple[int, int]]:
    """Return the pairs of the face model's triangles whose parts pass through one another."""
    pairs = np.sort(parents[self_intersections(vertices, triangles)], axis=1)
    return {(int(a), int(b)) for a, b in pairs}


def check(done: Completion, face: StitchedFace, model: FaceModel) -> None:
    """Check all that a stitched mesh promises."""
    graph = vertex_graph(model)
    own, report = check_mesh(done.foundation, graph.triangles), check_mesh(face.vertices, face.triangles)
    assert report.clean, report  # manifold, wound alike, no vertex twice
    assert report.borders == own.borders  # the face model's, refined, and no others: no seam is open
    edges, beside = border_edges(face.triangles)
    coarse_edges, coarse_beside = border_edges(graph.triangles)
    assert np.isin(face.parents[beside], coarse_beside).all()
    lengths = [np.linalg.norm(np.diff(places[ends], axis=1), axis=2).sum()
               for places, ends in ((face.foundation, edges), (done.foundation, coarse_edges))]  # fmt: skip
    assert lengths[0] == pytest.approx(lengths[1], rel=1e-9)
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
    # Nothing passes through anything that the smooth face has apart (its eyeballs pass through its lids).
    smooth = crossings(done.foundation, graph.triangles, np.arange(len(graph.triangles)))
    assert crossings(face.vertices, face.triangles, face.parents) <= smooth


@settings(max_examples=8, deadline=None)
@given(st.floats(-1.57, 1.57), st.floats(-0.5, 0.5), st.integers(0, 9999), st.sampled_from(OCCLUSIONS))
def test_any_pose_and_any_holes_give_one_clean_sheet(yaw: float, pitch: float, seed: int, occlusion: str) -> None:
    done = completed(MODEL, yaw, pitch, seed, occlusion)
    check(done, stitch(done, MODEL), MODEL)


@pytest.mark.slow
@pytest.mark.parametrize("first", range(0, 100, 25))
def test_a_hundred_poses_and_holes_of_a_face_with_eyes_and_mouth(first: int) -> None:
    model = load_face_model("open", level=0)
    kinds, detailed = set(), 0
    for seed in range(first, first + 25):
        yaw, pitch = np.random.default_rng(seed).uniform([-1.57, -0.5], [1.57, 0.5]).tolist()
        done = completed(model, yaw, pitch, seed, OCCLUSIONS[seed % len(OCCLUSIONS)])
        face = stitch(done, model, StitchSettings(spacing=1.0))
        check(done, face, model)
        kinds.add(OCCLUSIONS[seed % len(OCCLUSIONS)])
        detailed += len(face.triangles) > 1.5 * len(model.triangles)
    assert len(kinds) == len(OCCLUSIONS) and detailed >= 20


def test_a_mesh_with_a_fault_does_not_pass_the_check() -> None:
    done = completed(MODEL, 0.5, 0.1, 7)
    face = stitch(done, MODEL)
    check(done, face, MODEL)
    without = replace(face, triangles=face.triangles[1:], parents=face.parents[1:])
    turned = replace(face, triangles=np.r_[face.triangles[:1, ::-1], face.triangles[1:]])
    pushed = face.vertices.copy()
    pushed[face.triangles[len(face.triangles) // 2, 0]] -= [0, 0, 60]
    apart = replace(face, vertices=pushed, camera_vertices=done.frame.back(pushed))
    for bad in (without, turned, apart):
        with pytest.raises(AssertionError):
            check(done, bad, MODEL)


def test_the_dense_points_of_both_sides_lie_on_the_mesh() -> None:
    done = completed(MODEL, 0.6, 0.1, 3, size=200)
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
        done = completed(MODEL, 0.4 * seed, 0.0, seed, OCCLUSIONS[seed])
        own, across = detail_weights(vertex_graph(MODEL), done.visible)
        corners = vertex_graph(MODEL).triangles
        assert not (own[corners].any(1) & across[corners].any(1)).any()
        assert done.visible[corners[own[corners].any(1)]].all()


def test_a_face_that_is_all_hidden_is_its_foundation() -> None:
    done = completed(MODEL, 0.2, 0.0, 0)
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
    done = completed(MODEL, 0.5, 0.0, 1, "squares")
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
    done = completed(model, 0.4, 0.0, 2)
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
