"""The completed face on the face model's own triangles, none of them turned over; computed once a completion."""

from __future__ import annotations

from weakref import WeakKeyDictionary

import numpy as np

from seethrough.details.stitching.untangling import untangled
from seethrough.details.symmetry import Completion
from seethrough.details.symmetry.vertex_graph import vertex_graph
from seethrough.morphable.face_model import FaceModel

_known: WeakKeyDictionary[Completion, tuple[np.ndarray, np.ndarray]] = WeakKeyDictionary()


def sparse_face(completion: Completion, model: FaceModel) -> tuple[np.ndarray, np.ndarray]:
    """Return the completed vertices without what would fold the mesh or make it cross itself.

    Args:
        completion: of soft symmetry.
        model: the same face model.

    Returns:
        (V, 3) vertices, mm, frontal frame, and (V,) the share of its displacement that each has kept. Not to be
        written to: the stitched mesh and the one with the model's own triangles share them.
    """
    if completion not in _known:
        triangles = vertex_graph(model).triangles
        found = untangled(completion.foundation, completion.vertices, triangles, crossings=True)
        for values in found:
            values.setflags(write=False)
        _known[completion] = found
    return _known[completion]
