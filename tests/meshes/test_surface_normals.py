from __future__ import annotations

import numpy as np

from seethrough.meshes.surface_normals import triangle_normals, vertex_normals


def test_normals_are_cross_products_and_their_sums_around_a_vertex() -> None:
    rng = np.random.default_rng(0)
    vertices, triangles = rng.normal(size=(40, 3)), rng.integers(0, 39, (70, 3))
    a, b, c = (vertices[triangles[:, k]] for k in range(3))
    expected = np.cross(b - a, c - a)
    np.testing.assert_array_equal(triangle_normals(vertices, triangles), expected)
    sums = np.zeros((40, 3))
    for corner in range(3):
        np.add.at(sums, triangles[:, corner], expected)
    found = vertex_normals(vertices, triangles, (0.0, 0.0, 1.0))
    np.testing.assert_allclose(found[:39], sums[:39] / np.linalg.norm(sums[:39], axis=1, keepdims=True), atol=1e-12)
    np.testing.assert_array_equal(found[39], [0.0, 0.0, 1.0])  # no triangle has the last vertex


def test_a_triangle_seen_from_the_front_points_to_the_viewer() -> None:
    vertices = np.array([[0.0, 0, 0], [2, 0, 0], [0, 3, 0]], dtype=np.float32)
    np.testing.assert_array_equal(triangle_normals(vertices, np.array([[0, 1, 2]], dtype=np.int32)), [[0, 0, 6]])
    flat = np.zeros((1, 3), dtype=np.int64)
    np.testing.assert_array_equal(vertex_normals(vertices, flat, (0.0, 0.0, -1.0)), np.tile([0.0, 0.0, -1.0], (3, 1)))
