from __future__ import annotations

import numpy as np
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from seethrough.details import dense_mesh, unproject
from seethrough.rendering import Camera

CAMERA = Camera(400.0, 9, 11)


def mesh_of(depth: torch.Tensor, mask: torch.Tensor, **more):
    return dense_mesh(unproject(depth, CAMERA), mask, CAMERA, **more)


def test_plane_has_two_triangles_a_square_that_face_the_viewer() -> None:
    depth = torch.full((9, 11), 1000.0)
    mesh = mesh_of(depth, torch.ones(9, 11), colours=torch.rand(3, 9, 11))
    assert (len(mesh.vertices), len(mesh.triangles)) == (99, 160)
    np.testing.assert_allclose(mesh.normals(), np.tile([0, 0, 1.0], (99, 1)), atol=1e-12)
    np.testing.assert_allclose(mesh.vertices[:, 2], 0)
    np.testing.assert_allclose(mesh.vertices[0], [-12.5, 10.0, 0.0])  # 5 px left, 4 px above the axis, 2.5 mm each
    assert mesh.colours is not None


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_every_corner_lies_in_the_mask_and_every_square_is_covered_once(seed: int) -> None:
    mask = torch.rand(9, 11, generator=torch.Generator().manual_seed(seed)) > 0.35
    mesh = mesh_of(torch.full((9, 11), 800.0), mask)
    counts = sum(mask[y : y + 8, x : x + 10].int() for y in (0, 1) for x in (0, 1))
    assert len(mesh.triangles) == 2 * int((counts == 4).sum()) + int((counts == 3).sum())
    assert (mesh.normals()[np.unique(mesh.triangles), 2] > 0.99).all()
    corners = mesh.vertices[mesh.triangles]
    areas = np.linalg.norm(np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]), axis=1) / 2
    np.testing.assert_allclose(areas, 2.0, rtol=1e-5)  # half a pixel of 2 mm
    assert set(np.unique(mesh.triangles)) == set(range(len(mesh.vertices)))


def test_depth_jumps_are_not_bridged() -> None:
    depth = torch.full((9, 11), 1000.0)
    depth[:, 6:] = 1030.0  # 12 pixels' sizes
    assert len(mesh_of(depth, torch.ones(9, 11)).triangles) == 8 * 9 * 2
    depth[:, 6:] = 1015.0
    assert len(mesh_of(depth, torch.ones(9, 11)).triangles) == 160


def test_empty_mask_gives_an_empty_mesh() -> None:
    mesh = mesh_of(torch.full((9, 11), 1000.0), torch.zeros(9, 11), colours=torch.rand(3, 9, 11))
    assert (len(mesh.vertices), len(mesh.triangles)) == (0, 0)


def test_small_pieces_are_left_out_where_asked() -> None:
    mask = torch.ones(9, 11)
    mask[:, 8] = 0  # two columns hang beside the others
    depth = torch.full((9, 11), 800.0)
    assert len(mesh_of(depth, mask).triangles) == 2 * 8 * (7 + 1)
    assert len(mesh_of(depth, mask, least_piece=0.1).triangles) == 2 * 8 * (7 + 1)
    assert len(mesh_of(depth, mask, least_piece=0.2).triangles) == 2 * 8 * 7
