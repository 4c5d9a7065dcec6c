from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seethrough.details.foundation import release_camera
from seethrough.details.openings import boundary_loops, closed_triangles, fill_openings, seal_lips
from seethrough.morphable import load_face_model
from seethrough.rendering import Renderer
from tests.small_face import small_face_model


def grid_with_holes(size: int, holes: list[tuple[int, int, int, int]]) -> tuple[np.ndarray, np.ndarray]:
    """Return a flat square of triangles that face +z, without those whose corner lies in a hole (x0, y0, x1, y1)."""
    y, x = np.mgrid[:size, :size]
    vertices = np.stack([x, y, np.zeros_like(x)], axis=-1).reshape(-1, 3).astype(float)
    index = np.arange(size * size).reshape(size, size)
    kept = np.ones((size - 1, size - 1), dtype=bool)
    for x0, y0, x1, y1 in holes:
        kept[y0:y1, x0:x1] = False
    a, b, c, d = (index[s][kept] for s in (np.s_[:-1, :-1], np.s_[:-1, 1:], np.s_[1:, :-1], np.s_[1:, 1:]))
    return vertices, np.concatenate([np.stack([a, b, d], -1), np.stack([a, d, c], -1)])


def area(vertices: np.ndarray, triangles: np.ndarray) -> np.ndarray:
    corners = vertices[triangles]
    return np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])[:, 2] / 2


@settings(max_examples=30, deadline=None)
@given(st.integers(1, 3), st.integers(1, 5), st.integers(1, 4), st.integers(1, 3))
def test_filling_has_the_holes_area_and_leaves_the_outline_open(x: int, y: int, width: int, height: int) -> None:
    vertices, triangles = grid_with_holes(12, [(x, y, x + width, y + height), (8, 2, 10, 4)])
    filling = fill_openings(vertices, triangles)
    np.testing.assert_allclose(area(vertices, filling).sum(), width * height + 4)
    assert (area(vertices, filling) >= 0).all()  # none of them is turned away
    loops = boundary_loops(np.concatenate([triangles, filling]))
    assert [len(loop) for loop in loops] == [44]  # the outline of 12 x 12 points


def test_holes_that_touch_in_a_point_are_filled_each() -> None:
    vertices, triangles = grid_with_holes(12, [(3, 3, 5, 5), (5, 5, 8, 7)])
    assert sorted(len(loop) for loop in boundary_loops(triangles)) == [8, 10, 44]
    np.testing.assert_allclose(area(vertices, fill_openings(vertices, triangles)).sum(), 4 + 6)


def test_lids_that_touch_are_joined_straight_across() -> None:
    vertices, triangles = grid_with_holes(14, [(4, 6, 9, 7)])
    vertices[7 * 14 + 4 : 7 * 14 + 10, 1] = 6.0  # the lower lid is shut
    filling = fill_openings(vertices, triangles)
    edges = vertices[filling] - vertices[np.roll(filling, 1, axis=1)]
    assert np.abs(edges[..., 0]).max() <= 1.0


def test_mesh_without_openings_stays_as_it_is() -> None:
    model = small_face_model()
    assert len(closed_triangles(model)) == len(model.triangles)


@pytest.mark.parametrize("level", [0, 1])
def test_open_face_model_has_no_hole_and_no_cavity_left(level: int) -> None:
    model = load_face_model("open", level=level)
    closed = closed_triangles(model)
    assert closed.dtype == model.triangles.dtype
    assert (closed[: len(model.triangles)] == model.triangles).all()
    assert len(boundary_loops(model.triangles.numpy())) == 5  # the outline, two eyes, the backs of two eyeballs
    (outline,) = boundary_loops(
        np.concatenate([model.triangles.numpy(), fill_openings(model.mean.numpy(), model.triangles.numpy())])
    )
    assert np.ptp(model.mean.numpy()[outline], axis=0).max() > 150

    units = model.expression_units
    jaw = next(name for name in units if "jaw" in name.lower() and "open" in name.lower())
    vertices = model.shape(model.mean.new_zeros(1, 1), units[jaw][None])[0].clone()
    vertices *= vertices.new_tensor([1.0, -1.0, -1.0])
    vertices[:, 2] += 700
    camera = release_camera(96)
    depths = [Renderer(t, camera, "cpu").depth(vertices[None]) for t in (model.triangles, closed)]
    (open_depth, open_mask), (closed_depth, closed_mask) = depths
    assert (closed_mask >= open_mask).all()
    nearer = (open_depth - closed_depth)[0, 0][open_mask[0, 0] > 0]
    assert float(nearer.min()) > -1e-3  # a filling hides, it pushes nothing back
    assert float(nearer.max()) > 15.0  # the cavity of the open mouth is hidden


def test_lips_that_are_one_surface_are_not_sealed() -> None:
    model = small_face_model()
    seal = seal_lips(model.mean.numpy().astype(float), model.triangles.numpy(), model.landmarks.numpy())
    assert seal.shape == (0, 3)
