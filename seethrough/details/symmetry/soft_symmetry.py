"""Soft symmetry: from a detailed depth map of the visible side to a detailed whole face (Extreme 3D, Sec. 4.3)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from seethrough.details.depth import unproject
from seethrough.details.foundation import Foundation
from seethrough.details.symmetry.completion import complete_vertices
from seethrough.details.symmetry.dense_registration import DensePoints, mirrored, register
from seethrough.details.symmetry.normal_displacement import DetailMap, normal_displacements
from seethrough.details.symmetry.occlusion import frontal_depth, vertex_normals, vertex_scores, visible_vertices
from seethrough.details.symmetry.settings import PRESETS, SymmetrySettings
from seethrough.details.symmetry.symmetry_plane import RigidMotion, centred_on_pairs, rigid_fit
from seethrough.details.symmetry.vertex_graph import VertexGraph, vertex_graph
from seethrough.errors import SeethroughError
from seethrough.morphable.face_model import FaceModel
from seethrough.rendering.renderer import Renderer

SOURCES = ("visible", "mirrored", "foundation")
"""Where a vertex's detail comes from; the numbers of ``Completion.source``."""

_LEAST_SHARE = 0.25  # of the bilinear weight around a vertex that has to be trusted


@dataclass(frozen=True, eq=False)
class Completion:
    """A completed face.

    Attributes:
        vertices: (V, 3) float64 mm, frontal frame (x to the viewer's right, y up, z towards the viewer; the plane of
            symmetry is x = 0).
        foundation: (V, 3) mm, frontal frame, of the foundation that was completed.
        source: (V,) int8, numbers of :data:`SOURCES`.
        score: (V,) how well each vertex is seen, in [0, 1].
        dense: points of the visible side, one a trusted pixel.
        mirrored: points across from them, where nothing is visible.
        frame: from the camera frame to the frontal frame.
        centring: degrees and mm by which the plane of symmetry was moved from that of the foundation; zeros if not.
        detail: the maps of the visible side.
    """

    vertices: np.ndarray
    foundation: np.ndarray
    source: np.ndarray
    score: np.ndarray
    dense: DensePoints
    mirrored: DensePoints
    frame: RigidMotion
    centring: tuple[float, float]
    detail: DetailMap

    @property
    def visible(self) -> np.ndarray:
        """(V,) bool."""
        return self.source == 0

    @property
    def camera_vertices(self) -> np.ndarray:
        """(V, 3) mm, camera frame."""
        return self.frame.back(self.vertices)

    def shares(self) -> dict[str, float]:
        """Return the share of vertices of each source."""
        return {name: float((self.source == number).mean()) for number, name in enumerate(SOURCES)}


@torch.no_grad()
def complete(
    foundation: Foundation,
    model: FaceModel,
    detailed_depth: Tensor,
    visible: Tensor,
    settings: SymmetrySettings = PRESETS["default"],
) -> Completion:
    """Complete a face of which the camera sees one side.

    Args:
        foundation: the posed, smooth face.
        model: its face model, for triangles, mirror pairs and the direction of its front.
        detailed_depth: (1, H, W) mm, see :func:`~seethrough.details.depth.apply_bump`.
        visible: (1, H, W), more than a half where the detailed depth counts: all of the face once holes are filled.
        settings: what to do.

    Raises:
        SeethroughError: a foundation of another model, or maps of another size than the foundation's camera sees.
    """
    graph, camera = vertex_graph(model), foundation.camera
    _check(foundation, graph, detailed_depth, visible)
    vertices = foundation.vertices.double().cpu().numpy()
    renderer = Renderer(foundation.triangles.cpu(), camera, "cpu")
    _, rast = renderer.rasterize(foundation.vertices.cpu()[None].float())
    backend, topology = renderer.on(torch.device("cpu"))
    shallow = foundation.vertices.cpu()[None, :, 2:].float()
    depth = backend.interpolate(shallow, rast, topology, channels_first=True)[0, 0].double().numpy()
    detailed = detailed_depth[0].double().cpu().numpy()
    trusted = (visible[0].cpu().numpy() > 0.5) & (depth > 0) & np.isfinite(detailed) & (detailed > 0)
    trusted &= np.abs(depth - detailed) <= settings.bump_limit
    bump = np.where(trusted, depth - detailed, 0.0)

    frame = foundation_frame(vertices, graph)
    frontal = frontal_depth(foundation, frame.rotation) if settings.visibility == "frontal" else None
    normals = vertex_normals(vertices, graph.triangles)
    score = vertex_scores(vertices, normals, camera, depth, trusted, settings, frontal)
    seen = visible_vertices(score, settings)
    tolerance = np.inf if settings.visibility == "normals" else 2 * settings.depth_tolerance
    detail = DetailMap(camera, depth, bump, trusted, settings.along, tolerance)
    if settings.motion == "normal":
        raised, share = normal_displacements(detail, vertices, normals)
        sparse = vertices + normals * raised[:, None]
    else:
        raised, share = detail.bump_at(vertices)
        sparse = detail.moved(vertices, raised)
    seen = graph.opened(seen & (share >= _LEAST_SHARE), settings.rings)
    loose = graph.loose_parts if settings.loose_parts == "follow" else []
    for part, _ in loose:
        seen[part] = False

    frame, centring = _centred(frame, vertices, sparse, seen, graph, settings)
    base = frame(vertices)
    completed = complete_vertices(graph, base, frame(sparse), normals @ frame.rotation.T, seen, settings)
    for part, around in loose:
        completed[part] = base[part] + (completed - base)[around].mean(0)
    across = graph.paired & seen[graph.mirror]
    source = np.where(seen, 0, np.where(across, 1, 2)).astype(np.int8)

    surface = unproject(torch.from_numpy(np.where(trusted, depth, 1.0)), camera).numpy()
    points = frame(detail.moved(surface.reshape(-1, 3), bump.reshape(-1))).reshape(*depth.shape, 3)
    dense = register(points, rast[0].numpy(), graph.triangles, trusted, completed)
    flipped = mirrored(dense, completed, graph.mirror, graph.paired, seen, settings.residual_limit)
    return Completion(completed, base, source, score, dense, flipped, frame, centring, detail)


def foundation_frame(vertices: np.ndarray, graph: VertexGraph) -> RigidMotion:
    """Return camera -> frontal frame: as the mean face lies, then with the foundation as symmetric as it can be.

    Args:
        vertices: (V, 3) mm, camera frame, of the posed foundation.
        graph: of its face model.
    """
    frame = rigid_fit(vertices, graph.mean)
    return centred_on_pairs(frame(vertices), graph.mirror, graph.paired).after(frame)


def _centred(
    frame: RigidMotion,
    vertices: np.ndarray,
    sparse: np.ndarray,
    seen: np.ndarray,
    graph: VertexGraph,
    settings: SymmetrySettings,
) -> tuple[RigidMotion, tuple[float, float]]:
    """Move the plane of symmetry to where the detailed face has it, if enough pairs near it are visible."""
    near = np.abs(frame(vertices)[:, 0]) < settings.centring_reach
    pairs = graph.paired & near & seen
    pairs &= pairs[graph.mirror]
    if settings.centring_reach == 0 or pairs.sum() < max(settings.centring_pairs, 3):
        return frame, (0.0, 0.0)
    motion = centred_on_pairs(frame(sparse), graph.mirror, pairs)
    cosine = np.clip((np.trace(motion.rotation) - 1) / 2, -1, 1)
    return motion.after(frame), (float(np.degrees(np.arccos(cosine))), float(abs(motion.translation[0])))


def _check(foundation: Foundation, graph: VertexGraph, detailed_depth: Tensor, visible: Tensor) -> None:
    """Refuse parts that do not belong together."""
    if len(foundation.vertices) != graph.vertex_count:
        raise SeethroughError(
            f"soft symmetry: the foundation has {len(foundation.vertices)} vertices, the face model "
            f"{graph.vertex_count}; use the face model that the foundation was made with"
        )
    size = (1, foundation.camera.height, foundation.camera.width)
    for name, values in (("detailed depth", detailed_depth), ("mask of visible pixels", visible)):
        if tuple(values.shape) != size:
            raise SeethroughError(
                f"soft symmetry: the {name} has shape {tuple(values.shape)}, the foundation's camera sees {size}; "
                "resize one of them"
            )
