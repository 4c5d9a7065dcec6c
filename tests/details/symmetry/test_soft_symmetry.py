from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from seethrough.details import foundation_depth, foundation_from_vertices
from seethrough.details.foundation import Foundation
from seethrough.details.symmetry import PRESETS, SymmetrySettings, complete, symmetry_preset
from seethrough.details.symmetry.occlusion import frontal_depth, vertex_normals, vertex_scores
from seethrough.details.symmetry.symmetry_plane import MIRROR
from seethrough.details.symmetry.vertex_graph import vertex_graph
from seethrough.errors import SeethroughError
from seethrough.meshes import Mesh
from seethrough.rendering import Camera, Renderer, pose
from tests.small_face import small_face_model

MODEL = small_face_model(41)
GRAPH = vertex_graph(MODEL)
CAMERA = Camera(1000 * 160 / 280, 160, 160)
MEAN = MODEL.mean.double().numpy()


def posed(yaw: float, pitch: float = 0.0, shape: torch.Tensor | None = None) -> Foundation:
    angles = torch.tensor([[pitch, yaw, 0.05]])
    vertices = pose((MODEL.mean if shape is None else shape)[None], angles, torch.tensor([[3.0, -5.0, 10.0]]))[0]
    return foundation_from_vertices(MODEL, vertices, CAMERA)


def detailed(yaw: float, pitch: float = 0.0) -> tuple[Foundation, torch.Tensor, torch.Tensor, np.ndarray]:
    """Return a foundation, the depth of the same face with ripples alike on both sides, its mask, and the ripples."""
    ripples = 0.8 * np.cos(MEAN[:, 1] / 7) * np.cos(MEAN[:, 0] / 9)
    truth = Mesh(MEAN, GRAPH.triangles)
    raised = torch.from_numpy(MEAN + truth.normals() * ripples[:, None]).float()
    foundation = posed(yaw, pitch)
    depth, mask = foundation_depth(posed(yaw, pitch, raised), backend="cpu")
    smooth, _ = foundation_depth(foundation, backend="cpu")
    return foundation, depth, mask * ((smooth - depth).abs() < 3), ripples


@pytest.mark.parametrize("preset", sorted(PRESETS))
def test_ripples_of_the_seen_side_come_out_on_the_other(preset: str) -> None:
    foundation, depth, mask, ripples = detailed(0.7)
    done = complete(foundation, MODEL, depth, mask, symmetry_preset(preset))
    across = done.source == 1
    assert across.mean() > 0.05
    assert set(done.shares()) == {"visible", "mirrored", "foundation"}
    normals = vertex_normals(done.foundation, GRAPH.triangles)
    found = ((done.vertices - done.foundation) * normals).sum(1)
    assert np.corrcoef(found[done.visible], ripples[done.visible])[0, 1] > 0.9
    if preset == "default":
        assert np.corrcoef(found[across], ripples[across])[0, 1] > 0.9
        assert np.abs(found[across] - ripples[across]).mean() < 0.5 * np.abs(ripples[across]).mean()
    np.testing.assert_allclose(done.foundation[:, 0] + done.foundation[GRAPH.mirror][:, 0], 0, atol=1.5)


@settings(max_examples=12, deadline=None)
@given(st.floats(-1.1, 1.1), st.floats(-0.4, 0.4), st.integers(0, 99))
def test_dense_points_are_registered_exactly_and_mirrored_once(yaw: float, pitch: float, seed: int) -> None:
    foundation, depth, mask, _ = detailed(yaw, pitch)
    left, top = np.random.default_rng(seed).integers(20, 120, 2)
    mask[0, top : top + 25, left : left + 25] = 0
    done = complete(foundation, MODEL, depth, mask)
    dense, flipped = done.dense, done.mirrored
    again = np.einsum("nk,nkc->nc", dense.barycentric, done.vertices[dense.corners]) + dense.residual
    np.testing.assert_allclose(again, dense.points, atol=1e-9)  # Eq. 8
    assert len(dense) <= int(mask.sum())
    assert not (mask.reshape(-1)[dense.pixels] == 0).any()
    assert np.unique(dense.pixels).size == len(dense)
    if not len(flipped):
        return
    assert not done.visible[flipped.corners].any()
    assert done.visible[GRAPH.mirror[flipped.corners]].all()
    source = np.searchsorted(dense.pixels, flipped.pixels)
    np.testing.assert_allclose(flipped.residual, dense.residual[source] * MIRROR)  # Eq. 10
    assert np.linalg.norm(flipped.residual, axis=1).max() <= PRESETS["default"].residual_limit
    # Reflected points lie about where the foundation's reflection is.
    assert np.linalg.norm(flipped.points - dense.points[source] * MIRROR, axis=1).max() < 8


def test_what_lies_behind_is_not_visible_and_what_turns_away_scores_less() -> None:
    foundation, depth, mask, _ = detailed(0.9)
    drawn = depth[0].double().numpy()
    vertices = foundation.vertices.double().numpy()
    normals = vertex_normals(vertices, GRAPH.triangles)
    known = mask[0].numpy() > 0
    scores = vertex_scores(vertices, normals, CAMERA, drawn, known, PRESETS["default"])
    behind = (vertices[:, 2] > drawn.max() - 1) & (scores > 0)
    assert not behind.any() or scores[behind].max() < 0.4
    literal = vertex_scores(vertices, normals, CAMERA, drawn, known, PRESETS["paper"])
    cosine = -(normals * vertices).sum(1) / np.linalg.norm(vertices, axis=1)
    assert set(np.unique(literal)) == {0.0, 1.0}
    assert (cosine[literal > 0] > 0).all()
    assert ((literal > 0) & (scores == 0)).any()  # beside the nose: faces the camera, and is hidden by it


def test_the_frontal_view_samples_the_far_side_more_densely() -> None:
    foundation, depth, mask, _ = detailed(0.7)
    done = complete(foundation, MODEL, depth, mask)
    drawn = frontal_depth(foundation, done.frame.rotation)
    assert (drawn[0] > 0).mean() == pytest.approx(0.38, abs=0.03)
    vertices = foundation.vertices.double().numpy()
    normals = vertex_normals(vertices, GRAPH.triangles)
    maps = (CAMERA, depth[0].double().numpy(), mask[0].numpy() > 0)
    scores = vertex_scores(vertices, normals, *maps, PRESETS["release"], drawn)
    inner = np.abs(MEAN[:, 1]) < 60
    right, left = (scores[inner & (np.abs(MEAN[:, 0] - x) < 8)].mean() for x in (45, -45))
    assert min(left, right) < 0.7 < 0.95 < max(left, right)
    with pytest.raises(ValueError, match="frontal depth"):
        vertex_scores(vertices, normals, *maps, PRESETS["release"])


def test_a_hole_over_the_whole_face_leaves_the_foundation() -> None:
    foundation, depth, mask, _ = detailed(0.3)
    for preset in PRESETS.values():
        done = complete(foundation, MODEL, depth, torch.zeros_like(mask), preset)
        assert (done.source == 2).all()
        assert len(done.dense) == len(done.mirrored) == 0
        np.testing.assert_allclose(done.camera_vertices, foundation.vertices.numpy(), atol=2e-3)


def test_the_plane_moves_to_where_the_detail_has_it() -> None:
    foundation, depth, mask, _ = detailed(0.1)
    shifted = depth - 3.0 * (torch.arange(160) / 160)  # one side of the face stands out more than the other
    done = complete(foundation, MODEL, shifted, mask, replace(PRESETS["default"], motion="view"))
    assert 0.1 < done.centring[0] < 3
    still = complete(foundation, MODEL, shifted, mask, replace(PRESETS["default"], centring_reach=0.0))
    assert still.centring == (0.0, 0.0)


def test_mistakes_are_told_in_one_line() -> None:
    foundation, depth, mask, _ = detailed(0.3)
    with pytest.raises(SeethroughError, match="1681 vertices, the face model 225"):
        complete(foundation, small_face_model(15), depth, mask)
    with pytest.raises(SeethroughError, match=r"mask of visible pixels has shape \(1, 80, 80\)"):
        complete(foundation, MODEL, depth, mask[:, ::2, ::2])
    with pytest.raises(SeethroughError, match="unknown symmetry preset 'papers'"):
        symmetry_preset("papers")
    with pytest.raises(SeethroughError, match="weights is 'cotangent': choose one of uniform, cotan"):
        SymmetrySettings(weights="cotangent")
    with pytest.raises(SeethroughError, match="facing must be in"):
        SymmetrySettings(facing=1.0)
    with pytest.raises(SeethroughError, match="rings must not be negative"):
        SymmetrySettings(rings=-1)


def test_lips_and_eyes_that_only_the_closing_shows_are_no_dense_points() -> None:
    foundation, depth, mask, _ = detailed(0.0)
    extra = torch.tensor([[0, 1, 42]], dtype=torch.int32)
    closed = replace(foundation, triangles=torch.cat([extra, foundation.triangles]))
    assert Renderer(closed.triangles, CAMERA).rasterize(foundation.vertices[None])[1][..., 3].max() > len(extra)
    done = complete(foundation, MODEL, depth, mask)
    assert done.dense.corners.max() < MODEL.vertex_count
