"""Where on the face model dense detail is known: of its own pixels, or of those across the face."""

from __future__ import annotations

import numpy as np

from seethrough.details.symmetry.vertex_graph import VertexGraph


def detail_weights(graph: VertexGraph, visible: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return (V,) weights of a vertex's own dense detail, and (V,) of that across the face; 0 or 1 each.

    Own detail counts at visible vertices all of whose neighbours are visible, so that on a triangle where a weight is
    not 0 all corners are visible; detail of the other side counts at hidden vertices across from such ones. Between
    vertices weights are linear: detail fades out over one ring of triangles, the seam, and no triangle has both kinds.

    Args:
        graph: of the face model.
        visible: (V,) bool.
    """
    own = ~graph.grown(~visible)
    across = graph.paired & own[graph.mirror] & ~graph.grown(visible)
    return own.astype(np.float64), across.astype(np.float64)
