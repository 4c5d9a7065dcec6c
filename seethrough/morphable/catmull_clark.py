"""One step of Catmull-Clark subdivision, and its limit, as sparse linear operators on a polygon mesh."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

# Polygons are a (F, 4) integer table of vertex indices, counter-clockwise; a triangle ends in -1.


@dataclass(frozen=True)
class Refinement:
    """One step of subdivision.

    Attributes:
        polygons: (F', 4) quads of the finer mesh; its vertices are the old ones, then one an edge, then one a face.
        smooth: (V', V) Catmull-Clark operator, for positions (Catmull and Clark 1978, with the boundary as a cubic
            B-spline curve).
        linear: (V', V) operator that keeps the old values and averages them over edges and faces, for colours, texture
            coordinates and region weights.
        edges: (E, 2) the ends of each edge, lower index first; edge e made vertex V + e.
    """

    polygons: NDArray[np.int64]
    smooth: sp.csr_matrix
    linear: sp.csr_matrix
    edges: NDArray[np.int64]


def half_edges(polygons: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Return start, end and polygon of every side of every polygon: three (H,) arrays, polygon by polygon."""
    sizes = (polygons >= 0).sum(1)
    face = np.repeat(np.arange(len(polygons)), sizes)
    start = polygons[polygons >= 0]
    position = np.arange(len(start)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    following = np.where(position + 1 == sizes[face], 0, position + 1)
    return start, polygons[face, following], face


def _averages(rows: NDArray[np.int64], columns: NDArray[np.int64], shape: tuple[int, int]) -> sp.csr_matrix:
    """Return the operator whose row r averages the columns that are listed with it."""
    matrix = sp.csr_matrix((np.ones(len(rows)), (rows, columns)), shape=shape)
    counts = np.maximum(np.asarray(matrix.sum(1)).ravel(), 1.0)
    return sp.csr_matrix(sp.diags(1.0 / counts) @ matrix)


def refine(polygons: NDArray[np.int64], vertices: int) -> Refinement:
    """Subdivide once.

    Args:
        polygons: (F, 4) table.
        vertices: V, the number of vertices.

    Raises:
        ValueError: an edge has more than two polygons, or a vertex has no polygon.
    """
    start, end, face = half_edges(polygons)
    pairs = np.sort(np.stack([start, end], 1), axis=1)
    edges, edge, uses = np.unique(pairs, axis=0, return_inverse=True, return_counts=True)
    edge = edge.ravel()
    if len(uses) and uses.max() > 2:
        a, b = edges[uses.argmax()]
        raise ValueError(f"the edge between vertices {a} and {b} has {uses.max()} polygons, at most 2 make a surface")
    faces_at = np.bincount(start, minlength=vertices)
    if vertices and faces_at.min() == 0:
        raise ValueError(f"vertex {int(faces_at.argmin())} belongs to no polygon")
    border = uses == 1
    count, edge_count, face_count = vertices, len(edges), len(polygons)

    centre = _averages(face, start, (face_count, count))
    ends = np.arange(edge_count)
    middle = _averages(np.r_[ends, ends], np.r_[edges[:, 0], edges[:, 1]], (edge_count, count))
    across = _averages(edge, face, (edge_count, face_count)) @ centre
    inner_edge = sp.diags((~border).astype(float))
    edge_points = inner_edge @ (0.5 * middle + 0.5 * across) + sp.diags(border.astype(float)) @ middle

    # Vertex rule: (F + 2 R + (n - 3) v) / n inside; on the border (1/8, 6/8, 1/8) along the border.
    on_border = np.zeros(count, dtype=bool)
    on_border[edges[border].ravel()] = True
    valence = np.bincount(edges.ravel(), minlength=count)
    mean_face = _averages(start, face, (count, face_count)) @ centre
    mean_edge = _averages(edges.ravel(), np.repeat(ends, 2), (count, edge_count)) @ middle
    keep = sp.identity(count, format="csr")
    inside = sp.diags(1.0 / valence) @ (mean_face + 2 * mean_edge) + sp.diags((valence - 3) / valence) @ keep
    neighbour = _border_neighbours(edges[border], count)
    rim = 0.75 * keep + 0.25 * neighbour
    vertex_points = sp.diags((~on_border).astype(float)) @ inside + sp.diags(on_border.astype(float)) @ rim

    before = np.zeros(len(start), dtype=np.int64)
    first = np.r_[0, np.cumsum((polygons >= 0).sum(1))[:-1]]
    before[1:] = edge[:-1]
    before[first] = edge[np.r_[first[1:], len(start)] - 1]
    finer = np.stack([start, count + edge, count + edge_count + face, count + before], 1)
    return Refinement(
        polygons=finer,
        smooth=sp.csr_matrix(sp.vstack([vertex_points, edge_points, centre])),
        linear=sp.csr_matrix(sp.vstack([keep, middle, centre])),
        edges=edges,
    )


def _border_neighbours(border: NDArray[np.int64], count: int) -> sp.csr_matrix:
    """Return the operator that averages, at each border vertex, its neighbours along the border."""
    return _averages(np.r_[border[:, 0], border[:, 1]], np.r_[border[:, 1], border[:, 0]], (count, count))


def limit_operator(polygons: NDArray[np.int64], vertices: int) -> sp.csr_matrix:
    """Return the (V, V) operator that moves the vertices of a quad mesh to the Catmull-Clark limit surface.

    Inside, a vertex of valence n goes to (n^2 v + 4 sum e + sum f) / (n (n + 5)) with its edge neighbours e and the far
    corners f of its quads (Halstead, Kass and DeRose 1993); on the border to (a + 4 v + b) / 6.

    Raises:
        ValueError: a polygon is no quad (subdivide once first).
    """
    if (polygons < 0).any():
        raise ValueError("the limit surface is defined on quads: subdivide once first")
    start, end, _ = half_edges(polygons)
    edges, uses = np.unique(np.sort(np.stack([start, end], 1), axis=1), axis=0, return_counts=True)
    border = edges[uses == 1]
    valence = np.bincount(edges.ravel(), minlength=vertices).astype(float)
    ones = np.ones(2 * len(edges))
    pairs = (np.r_[edges[:, 0], edges[:, 1]], np.r_[edges[:, 1], edges[:, 0]])
    near = sp.csr_matrix((ones, pairs), shape=(vertices, vertices))
    opposite = np.stack([polygons.ravel(), np.roll(polygons, 2, axis=1).ravel()])
    far = sp.csr_matrix((np.ones(opposite.shape[1]), (opposite[0], opposite[1])), shape=(vertices, vertices))
    keep = sp.identity(vertices, format="csr")
    inside = sp.diags(1 / (valence * (valence + 5))) @ (sp.diags(valence**2) @ keep + 4 * near + far)
    rim = (2 / 3) * keep + (1 / 3) * _border_neighbours(border, vertices)
    on_border = np.zeros(vertices, dtype=bool)
    on_border[border.ravel()] = True
    return sp.csr_matrix(sp.diags((~on_border).astype(float)) @ inside + sp.diags(on_border.astype(float)) @ rim)
