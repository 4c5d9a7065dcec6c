from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seethrough.details.symmetry import PRESETS, SymmetrySettings
from seethrough.details.symmetry.completion import complete_vertices
from seethrough.details.symmetry.occlusion import vertex_normals
from seethrough.details.symmetry.settings import COMPLETIONS, WEIGHTS
from seethrough.details.symmetry.symmetry_plane import MIRROR
from seethrough.details.symmetry.vertex_graph import VertexGraph, vertex_graph
from tests.small_face import small_face_model

MODEL = small_face_model(15)
GRAPH = vertex_graph(MODEL)
MEAN = GRAPH.mean
NORMALS = vertex_normals(MEAN, GRAPH.triangles)
PARTNER = np.arange(225).reshape(15, 15)[:, ::-1].reshape(-1)
SIDE = MEAN[:, 0] <= 12.0  # one side, and a little of the other


def symmetric_relief(seed: int) -> np.ndarray:
    """Return (V,) mm, the same on both sides of the face."""
    relief = np.random.default_rng(seed).normal(0, 1, len(MEAN))
    return relief + relief[PARTNER]


@pytest.mark.parametrize("completion", ["displacement", "laplacian"])
@pytest.mark.parametrize("weights", WEIGHTS)
def test_a_symmetric_face_is_found_whole_from_one_side(completion: str, weights: str) -> None:
    # The shell's triangles are not symmetric, its normals hence not quite: both sides get the same.
    normals = NORMALS + NORMALS[PARTNER] * MIRROR
    normals /= np.linalg.norm(normals, axis=1, keepdims=True)
    truth = MEAN + normals * symmetric_relief(0)[:, None]
    seen = np.where(SIDE[:, None], truth, np.nan)
    found = complete_vertices(
        GRAPH, MEAN, seen, normals, SIDE, SymmetrySettings(completion=completion, weights=weights)
    )
    np.testing.assert_allclose(found, truth, atol=1e-4)


def test_the_released_form_is_soft_at_the_border_only() -> None:
    """Its rows at the border know nothing of detail: they pull a bump next to it towards the foundation."""
    relief = np.exp(-(((np.abs(MEAN[:, 0]) - 55) / 12) ** 2))
    truth = MEAN + NORMALS * relief[:, None]
    found = complete_vertices(GRAPH, MEAN, truth, NORMALS, SIDE, SymmetrySettings(completion="edges"))
    off = np.linalg.norm(found - truth, axis=1)
    assert off.max() < 0.35
    assert off[~SIDE].mean() < 0.3 * np.linalg.norm(truth - MEAN, axis=1)[~SIDE].mean()


def test_a_lone_hidden_vertex_without_a_partner_lies_as_far_out_as_its_neighbours_do_on_average() -> None:
    alone = VertexGraph(MEAN, GRAPH.triangles, GRAPH.edges, np.arange(225), np.zeros(225, bool))
    relief = np.random.default_rng(1).normal(0, 1, 225)
    visible = np.ones(225, bool)
    visible[112] = False
    found = complete_vertices(alone, MEAN, MEAN + NORMALS * relief[:, None], NORMALS, visible, PRESETS["default"])
    around = GRAPH.adjacency[[112]].indices
    assert len(around) == 6
    np.testing.assert_allclose((found - MEAN)[112], NORMALS[112] * relief[around].mean(), atol=1e-6)
    np.testing.assert_allclose(np.delete(found - MEAN - NORMALS * relief[:, None], 112, 0), 0, atol=1e-12)


@settings(max_examples=15, deadline=None)
@given(st.lists(st.booleans(), min_size=225, max_size=225), st.sampled_from(COMPLETIONS), st.integers(0, 99))
def test_visible_vertices_stay_and_nothing_runs_away(visible: list[bool], completion: str, seed: int) -> None:
    seen = np.array(visible)
    detailed = MEAN + NORMALS * symmetric_relief(seed)[:, None]
    chosen = SymmetrySettings(completion=completion)
    found = complete_vertices(GRAPH, MEAN, detailed, NORMALS, seen, chosen)
    np.testing.assert_array_equal(found[seen], detailed[seen])
    assert np.isfinite(found).all()
    assert np.linalg.norm(found - MEAN, axis=1).max() < 60
    if not seen.any():
        np.testing.assert_allclose(found, MEAN, atol=1e-3)


def test_hidden_parts_keep_their_own_foundation_in_the_default_and_take_the_other_sides_in_the_papers() -> None:
    crooked = MEAN + np.array([0, 0, 3.0]) * np.exp(-(((MEAN - [40, 20, 0]) / 15) ** 2).sum(1))[:, None]
    ours = complete_vertices(GRAPH, crooked, crooked, NORMALS, SIDE, PRESETS["default"])
    np.testing.assert_allclose(ours, crooked, atol=1e-6)
    papers = complete_vertices(GRAPH, crooked, crooked, NORMALS, SIDE, replace(PRESETS["paper"], rings=0))
    np.testing.assert_allclose(papers, MEAN, atol=0.2)


def test_factorisations_are_kept_for_a_set_of_vertices_and_not_for_ever() -> None:
    graph = VertexGraph(MEAN, GRAPH.triangles, GRAPH.edges, GRAPH.mirror, GRAPH.paired)
    for shift in range(12):
        for _ in range(2):
            complete_vertices(graph, MEAN, MEAN, NORMALS, MEAN[:, 0] < 75 / 7 * (shift + 0.5) - 75, PRESETS["default"])
        assert len(graph.factors) == min(shift + 1, 8)


def test_cotangents_of_right_angles() -> None:
    grid = small_face_model(5)
    flat = np.stack([MODEL.uv.numpy()[:, 0], MODEL.uv.numpy()[:, 1], np.zeros(225)], axis=1) * 100
    weights = VertexGraph(flat, GRAPH.triangles, GRAPH.edges, GRAPH.mirror, GRAPH.paired).weights("cotan")
    lengths = np.linalg.norm(flat[GRAPH.edges[:, 0]] - flat[GRAPH.edges[:, 1]], axis=1)
    diagonal = lengths > lengths.min() * 1.2
    np.testing.assert_allclose(weights[diagonal], 0.01)  # right angles across
    assert {round(float(value), 3) for value in weights[~diagonal]} == {0.5, 1.0}  # on the border, and inside
    assert vertex_graph(grid).edges.shape == (2 * 4 * 5 + 16, 2)
