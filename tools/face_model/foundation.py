"""Mesh and mean shape of the open face model, cropped out of MakeHuman's average adult."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from seethrough.morphable.subdivision import Level, subdivide, triangulate
from tools.face_model import identity
from tools.face_model.crop import SNAP, PolygonMesh
from tools.face_model.head import SCALE, face_mesh, to_model_frame
from tools.face_model.landmarks import landmark_vertices, slides
from tools.face_model.makehuman import BaseMesh, MakeHumanData
from tools.face_model.slide import slide
from tools.face_model.smooth_variation import laplacian
from tools.face_model.teeth import with_teeth

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Foundation:
    """Mesh and mean shape that everything else is computed on.

    Attributes:
        data: the MakeHuman files.
        base: the base mesh.
        mean: (N, 3) average young adult on the base mesh, model frame, mm.
        mesh: the face as polygons over base vertices.
        shape: the same with teeth in the mouth cavity: what is stored; the prior is measured without them.
        control: (V0, 3) mean of ``mesh`` on the control mesh.
        coarse: level 0: the control mesh with its vertices on the limit surface.
        triangles: (T, 3) of level 0.
        area: (V0,) mm^2 that each vertex stands for.
        landmarks: (68,) vertices of the face mesh.
    """

    data: MakeHumanData
    base: BaseMesh
    mean: Array
    mesh: PolygonMesh
    shape: PolygonMesh
    control: Array
    coarse: Level
    triangles: NDArray[np.int64]
    area: Array
    landmarks: NDArray[np.int64]

    def on_face(self, fields: Array) -> Array:
        """Carry (M, N, 3) displacements of the base mesh (mm before scaling) to (M, 2 V0, 3).

        The first V0 are those of the limit surface, by which modes are measured; the other V0 are those of the control
        mesh, which are stored.
        """
        operator = sp.vstack([self.coarse.positions @ self.mesh.operator, self.shape.operator]).tocsr()
        return np.stack([operator @ (field * SCALE) for field in fields])

    @property
    def measured_points(self) -> Array:
        """(2 V0, 3) mean places of what :meth:`on_face` returns."""
        return np.concatenate([self.coarse.positions @ self.control, self.shape.operator @ self.mean])

    @property
    def measured_area(self) -> Array:
        """(2 V0,) weights of what :meth:`on_face` returns: area on the surface, nothing on the control mesh."""
        return np.concatenate([self.area, np.zeros(len(self.area))])

    def stored(self, fields: Array) -> Array:
        """Return the control mesh's half of (M, 2 V0, 3) fields."""
        return fields[:, len(self.control) :]


def lay_foundation(source: str | Path) -> Foundation:
    """Read the MakeHuman data and crop the mean face out of it."""
    data = MakeHumanData(source)
    base = data.base_mesh()
    mean = to_model_frame(base.vertices + identity.mean_displacement(data, len(base.vertices)))
    cropped = face_mesh(base, mean)
    number = {column: row for row, column in _named_vertices(cropped)}
    landmarks = np.array([number[int(v)] for v in landmark_vertices(base.mirror)])
    flat = subdivide(cropped.polygons, cropped.mirror, 0).positions
    mesh = slide(cropped, cropped.operator @ mean, flat, slides(landmarks, cropped.mirror))
    control = mesh.operator @ mean
    coarse = subdivide(mesh.polygons, mesh.mirror, 0)
    points = coarse.positions @ control
    triangles = triangulate(mesh.polygons, points)
    _, area = laplacian(triangles, points)
    shape = with_teeth(base, mean, mesh, number)
    return Foundation(data, base, mean, mesh, shape, control, coarse, triangles, area, landmarks)


def _named_vertices(mesh: PolygonMesh) -> list[tuple[int, int]]:
    """Return (face vertex, base vertex) for face vertices that are a base vertex, or one that slid onto the border."""
    operator = mesh.operator.tocoo()
    whole = operator.data > 1 - SNAP
    return [(int(r), int(c)) for r, c in zip(operator.row[whole], operator.col[whole], strict=True)]
