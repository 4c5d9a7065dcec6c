"""How fine the stitched mesh is."""

from __future__ import annotations

import numpy as np

from seethrough.details.stitching import StitchSettings, stitch
from seethrough.details.stitching.detail_weights import detail_weights
from seethrough.details.stitching.sparse_face import sparse_face
from seethrough.details.symmetry.vertex_graph import vertex_graph
from tests.details.stitching.test_stitched_mesh import MODEL, completed


def test_edges_are_as_long_as_pixels_where_there_is_detail() -> None:
    done = completed(MODEL, 0.6, 0.1, 3, size=200)
    face, kept = stitch(done, MODEL, StitchSettings(spacing=1.5)), sparse_face(done, MODEL)[1]
    corners = vertex_graph(MODEL).triangles
    own, across = (kept * weight for weight in detail_weights(vertex_graph(MODEL), done.visible))
    longest = 1.5 * done.frame.back(done.foundation)[done.visible, 2].mean() / done.detail.camera.focal
    for weight in (own, across):
        parts = face.foundation[face.triangles[(weight[corners] == 1).all(1)[face.parents]]]
        length = np.linalg.norm(parts - np.roll(parts, 1, axis=1), axis=2)
        assert 0.7 * longest < length.max() <= longest * (1 + 1e-9)
    without = (own[corners] + across[corners] == 0).all(1)
    assert without.any()
    np.testing.assert_array_equal(np.bincount(face.parents)[without], 1)
