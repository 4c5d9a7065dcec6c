"""The ways to complete a face that are compared."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from experiments.symmetry_study.faces import TurnedFace
from seethrough.details.stitching import stitch
from seethrough.details.symmetry import PRESETS, Completion, SymmetrySettings, complete
from seethrough.details.symmetry.symmetry_plane import MIRROR
from seethrough.meshes import Mesh

_DEFAULT = PRESETS["default"]

SETTINGS: dict[str, SymmetrySettings] = {
    "default": _DEFAULT,
    "paper": PRESETS["paper"],
    "release": PRESETS["release"],
    "default, motion=view": replace(_DEFAULT, motion="view"),
    "default, laplacian": replace(_DEFAULT, completion="laplacian"),
    "default, weights=cotan": replace(_DEFAULT, weights="cotan"),
    "default, laplacian without centring": replace(_DEFAULT, completion="laplacian", centring_reach=0.0),
    "default, loose_parts=alone": replace(_DEFAULT, loose_parts="alone"),
    "default, facing=0": replace(_DEFAULT, facing=0.0),
}


def foundation_only(face: TurnedFace) -> Mesh:
    """Return the smooth face that all methods start from."""
    return Mesh(face.foundation.vertices.numpy(), face.model.triangles.numpy())


def plain_mirroring(face: TurnedFace) -> Mesh:
    """Return the seen vertices and, where only the other side is seen, their reflections; else the foundation."""
    done = _completed(face, replace(_DEFAULT, centring_reach=0.0))
    places = np.where((done.source == 2)[:, None], done.foundation, done.vertices)
    mirror = face.model.mirror.numpy()
    places = np.where((done.source == 1)[:, None], places[mirror] * MIRROR, places)
    return Mesh(done.frame.back(places), face.model.triangles.numpy())


def soft_symmetry(settings: SymmetrySettings) -> Callable[[TurnedFace], Mesh]:
    """Return the method that completes a face with these settings, on the face model's own triangles."""

    def method(face: TurnedFace) -> Mesh:
        return Mesh(_completed(face, settings).camera_vertices, face.model.triangles.numpy())

    return method


def stitched(face: TurnedFace) -> Mesh:
    """Return the default's completion with its dense detail on both sides, as one mesh."""
    face_mesh = stitch(_completed(face, _DEFAULT), face.model)
    return Mesh(face_mesh.camera_vertices, face_mesh.triangles)


def _completed(face: TurnedFace, settings: SymmetrySettings) -> Completion:
    return complete(face.foundation, face.model, face.detailed_depth, face.visible, settings)


METHODS: dict[str, Callable[[TurnedFace], Mesh]] = {
    "foundation only": foundation_only,
    "plain mirroring": plain_mirroring,
    "default, stitched": stitched,
    **{name: soft_symmetry(settings) for name, settings in SETTINGS.items()},
}
