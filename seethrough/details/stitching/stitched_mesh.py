"""One mesh of the dense visible part, the dense mirrored part and the sparse rest (Extreme 3D, Sec. 4.3)."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, partial

import numba
import numpy as np

from seethrough.details.stitching.detail_weights import detail_weights
from seethrough.details.stitching.mesh_checks import MeshReport, check_mesh
from seethrough.details.stitching.refinement import RefinedMesh, refine
from seethrough.details.stitching.settings import StitchSettings
from seethrough.details.stitching.sparse_face import sparse_face
from seethrough.details.stitching.untangling import untangled
from seethrough.details.symmetry import Completion
from seethrough.details.symmetry.normal_displacement import normal_displacements
from seethrough.details.symmetry.occlusion import vertex_normals
from seethrough.details.symmetry.vertex_graph import vertex_graph
from seethrough.meshes import Mesh
from seethrough.morphable.face_model import FaceModel

PARTS = ("dense", "mirrored", "sparse")
"""What a vertex belongs to; the numbers of ``StitchedFace.part``."""

# Columns of the attributes that are carried to the vertices of the refined mesh.
_FOUNDATION, _SPARSE, _NORMAL = slice(0, 3), slice(3, 6), slice(6, 9)
_ACROSS, _ACROSS_NORMAL, _OWN, _OTHER, _KEPT, _UV = slice(9, 12), slice(12, 15), 15, 16, 17, slice(18, 20)


@dataclass(frozen=True)
class StitchedFace:
    """A face of one sheet, fine where there is detail.

    Attributes:
        vertices: (N, 3) float64 mm, frontal frame of the completion (x to the viewer's right, y up, z to the viewer).
            The first V are the vertices of the face model.
        camera_vertices: (N, 3) mm, camera frame.
        foundation: (N, 3) mm, camera frame, the same vertices on the foundation.
        triangles: (T, 3), counter-clockwise seen from outside.
        parents: (T,) triangle of the face model that each is a part of.
        uv: (N, 2) texture coordinates of the face model.
        part: (N,) int8, numbers of :data:`PARTS`.
        kept: (N,) share of its displacement that a vertex has kept; below 1 where it would have folded the mesh.
    """

    vertices: np.ndarray
    camera_vertices: np.ndarray
    foundation: np.ndarray
    triangles: np.ndarray
    parents: np.ndarray
    uv: np.ndarray
    part: np.ndarray
    kept: np.ndarray

    def mesh(self, colours: np.ndarray | None = None) -> Mesh:
        """Return the mesh in the frontal frame, with (N, 3) colours if there are some."""
        return Mesh(self.vertices, self.triangles, colours, self.uv)

    @cached_property
    def report(self) -> MeshReport:
        """Faults and borders of the mesh, counted once."""
        return check_mesh(self.vertices, self.triangles)

    def shares(self) -> dict[str, float]:
        """Return the share of vertices of each part."""
        return {name: float((self.part == number).mean()) for number, name in enumerate(PARTS)}


def stitch(completion: Completion, model: FaceModel, settings: StitchSettings | None = None) -> StitchedFace:
    """Give the completed sparse face the detail of the dense points, on either side, as one sheet.

    The triangles of the face model are divided where dense detail is known, down to the size of a pixel, and their new
    vertices are moved to the detailed surface. Dense parts and sparse rest are thus parts of the same sheet: their
    seams have no gap and no overlap, whatever the visible part looks like, and every vertex keeps its place on the
    face model (texture, correspondence). Cutting the sparse mesh open and filling a band between it and the grid of
    pixels, as with scans (Turk and Levoy 1994), promises neither where pixels see the face at a slant.

    Args:
        completion: of soft symmetry.
        model: the same face model.
        settings: how fine.

    Returns:
        A mesh with the borders of the face model, and no others.
    """
    settings = settings or StitchSettings()
    fine = _refined(completion, model, settings.spacing)
    own, other = fine.values[:, _OWN], fine.values[:, _OTHER]
    raised = np.zeros(len(fine.values))
    for weight, place, normal in ((own, _SPARSE, _NORMAL), (other, _ACROSS, _ACROSS_NORMAL)):
        chosen = np.flatnonzero(weight > 0)
        points, normals = fine.values[chosen, place], _unit(fine.values[chosen, normal])
        found, share = normal_displacements(completion.detail, points, normals, near=True)
        found = np.where(np.abs(found) <= settings.detail_limit, found * np.minimum(2 * share, 1), 0.0)
        raised[chosen] += weight[chosen] * found
    normals = _unit(fine.values[:, _NORMAL])
    detailed = fine.values[:, _SPARSE] + normals * raised[:, None]
    placed, kept = untangled(fine.values[:, _FOUNDATION], detailed, fine.triangles, crossings=settings.crossings)
    part = np.where(own > 0, 0, np.where(other > 0, 1, 2)).astype(np.int8)
    return StitchedFace(
        vertices=completion.frame(placed),
        camera_vertices=placed,
        foundation=fine.values[:, _FOUNDATION],
        triangles=fine.triangles,
        parents=fine.parents,
        uv=fine.values[:, _UV],
        part=part,
        kept=kept * fine.values[:, _KEPT],
    )


def fixed_topology_mesh(completion: Completion, model: FaceModel) -> Mesh:
    """Return the completed face with the face model's own vertices and triangles, for whoever needs correspondence.

    Args:
        completion: of soft symmetry.
        model: the same face model.

    Returns:
        (V, 3) vertices in the frontal frame, without triangles that lie turned over, and the model's ``uv``.
    """
    triangles = vertex_graph(model).triangles
    placed, _ = sparse_face(completion, model)
    return Mesh(placed, triangles, None, model.uv.double().cpu().numpy())


def _refined(completion: Completion, model: FaceModel, spacing: float) -> RefinedMesh:
    """Divide the model's triangles where there is detail until no edge is longer than ``spacing`` pixels there."""
    graph, camera = vertex_graph(model), completion.detail.camera
    foundation = completion.frame.back(completion.foundation)
    normals = vertex_normals(foundation, graph.triangles)
    placed, kept = sparse_face(completion, model)
    sparse = completion.frame.back(placed)
    own, other = (kept * weight for weight in detail_weights(graph, completion.visible))
    values = np.concatenate(
        [
            foundation,
            sparse,
            normals,
            sparse[graph.mirror],
            normals[graph.mirror],
            np.stack([own, other, kept], axis=1),
            model.uv.double().cpu().numpy(),
        ],
        axis=1,
    )
    seen = foundation[completion.visible]
    pixel = float((seen if len(seen) else foundation)[:, 2].mean()) / camera.focal

    return refine(values, graph.triangles, partial(_too_long, longest=spacing * pixel))


@numba.njit(nogil=True, cache=True)
def _too_long(values, start, end, longest):
    """Return (E,) bool: edges from ``start`` (E,) to ``end`` (E,) that, by their weight, are longer than some mm."""
    long = np.empty(len(start), np.bool_)
    for n in range(len(start)):
        a, b = values[start[n]], values[end[n]]
        # Where detail fades out edges may be longer, without end: triangles at the border would become slivers.
        weight = max(a[_OWN], a[_OTHER], b[_OWN], b[_OTHER])
        x, y, z = a[0] - b[0], a[1] - b[1], a[2] - b[2]
        long[n] = weight**2 * (x**2 + y**2 + z**2) > longest**2
    return long


def _unit(vectors: np.ndarray) -> np.ndarray:
    return vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)
