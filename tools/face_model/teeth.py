"""Teeth: the hidden part of the mouth cavity laid over two dental arches that move with skull and jaw."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from tools.face_model.crop import PolygonMesh
from tools.face_model.head import MOUTH_RINGS, boundary_cycle, keep_rings, split_parts
from tools.face_model.makehuman import BaseMesh

Array = NDArray[np.float64]

FIRST_RING = 2  # rings 0 and 1 shape the lips, so they stay where they are
EDGE_RING = 3  # the ring that becomes the biting edges


@dataclass(frozen=True)
class Arch:
    """One row of teeth, as control points of the subdivision surface on the midline of the mean face.

    Attributes:
        helper: group of the base mesh whose affine motion the row follows.
        columns: how many columns of the cavity, counted from the midline, lie on the row.
        widest: mm from the midline to the last column.
        profile: (y, z) in mm of rings 2 (gum), 3 (biting edge) and 4 (behind the teeth).
        bend: z falls by bend x^2, 1 / mm.
    """

    helper: str
    columns: int
    widest: float
    profile: tuple[tuple[float, float], ...]
    bend: float


UPPER = Arch("helper-upper-teeth", 9, 25.0, ((-20.0, 13.5), (-37.2, 13.6), (-30.0, 0.0)), 0.020)
LOWER = Arch("helper-lower-teeth", 6, 24.0, ((-48.5, 10.0), (-34.0, 10.0), (-41.0, -3.0)), 0.020)


def cavity_rings(base: BaseMesh) -> NDArray[np.int64]:
    """Return (MOUTH_RINGS, C) base vertices: rings 1 to MOUTH_RINGS of the mouth cavity behind the line of the lips.

    Every ring starts at its upper midline vertex and runs the same way round, so that columns go straight in.
    """
    parts = split_parts(base)
    rim = np.intersect1d(parts.mouth, np.unique(parts.skin))
    rings = []
    for count in range(1, MOUTH_RINGS + 1):
        quads, last = keep_rings(parts.mouth, rim, count)
        cycle = boundary_cycle(quads, last)
        midline = [k for k, vertex in enumerate(cycle) if base.mirror[vertex] == vertex]
        start = max(midline, key=lambda k: base.vertices[cycle[k], 1])
        rings.append(cycle[start:] + cycle[:start])
    return np.array(rings)


def columns_of(arch: Arch, count: int) -> dict[int, float]:
    """Return column of a ring of ``count`` vertices -> place on the arch: 0 at the midline, +-1 at its ends."""
    middle = 0 if arch is UPPER else count // 2
    return {(middle + k) % count: k / (arch.columns - 1) for k in range(1 - arch.columns, arch.columns)}


def cavity_labels(base: BaseMesh) -> dict[str, Array]:
    """Return label -> (N,) on the base mesh: ``mouth_ring`` (0 on the lips), ``upper_teeth`` and ``lower_teeth``."""
    rings = cavity_rings(base)
    depth = np.zeros(len(base.vertices))
    for number, ring in enumerate(rings, start=1):
        depth[ring] = number
    labels = {"mouth_ring": depth}
    for name, arch in (("upper_teeth", UPPER), ("lower_teeth", LOWER)):
        labels[name] = np.zeros(len(base.vertices))
        labels[name][rings[:, list(columns_of(arch, rings.shape[1]))]] = 1.0
    return labels


def with_teeth(base: BaseMesh, mean: Array, mesh: PolygonMesh, number: dict[int, int]) -> PolygonMesh:
    """Lay the inner rings of the mouth cavity over the teeth.

    Args:
        base: the base mesh.
        mean: (N, 3) mean shape of the base mesh in the model frame.
        mesh: the face mesh.
        number: base vertex -> face mesh vertex.

    Returns:
        The mesh with other rows of the operator for the inner rings; the skin and the lips are as they were.
    """
    rings = cavity_rings(base)
    rows = sp.lil_matrix(mesh.operator)
    points = mesh.operator @ mean
    for arch in (UPPER, LOWER):
        helper = np.unique(base.quads[base.groups == arch.helper])
        centre = mean[helper].mean(0)
        affine = np.linalg.pinv(np.concatenate([mean[helper] - centre, np.ones((len(helper), 1))], 1))
        for column, place in columns_of(arch, rings.shape[1]).items():
            first = number[int(rings[FIRST_RING - 1, column])]
            side = np.sign(points[first, 0]) if place else 0.0
            x = arch.widest * abs(place) * side
            for ring, (y, z) in enumerate(arch.profile, start=FIRST_RING):
                vertex = number[int(rings[ring - 1, column])]
                place_there = np.array([x, y, z - arch.bend * x * x])
                rows[vertex] = 0.0
                rows[vertex, helper] = np.append(place_there - centre, 1.0) @ affine
    return PolygonMesh(mesh.polygons, sp.csr_matrix(rows), mesh.mirror)
