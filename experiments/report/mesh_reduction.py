"""Fewer vertices for a mesh that is too fine for a page."""

from __future__ import annotations

import numpy as np

from seethrough.meshes import Mesh

_BISECTIONS = 12


def reduced(mesh: Mesh, most: int) -> tuple[Mesh, np.ndarray]:
    """Merge the vertices of a mesh that share a cell of a cubic grid, as fine a grid as ``most`` vertices allow.

    Normals are those of the fine mesh, averaged, so that shading keeps detail which the vertices have lost. Rossignac
    and Borrel, Multi-resolution 3D approximations for rendering complex scenes, 1993.

    Args:
        mesh: what to make coarser.
        most: vertices that it may have; a mesh that has no more stays as it is.

    Returns:
        The mesh, and (V, 3) unit normals.
    """
    normals = mesh.normals()
    if len(mesh.vertices) <= most:
        return mesh, normals
    low = mesh.vertices.min(0)
    finest, coarsest = 0.0, float(np.ptp(mesh.vertices, axis=0).max()) or 1.0
    for _ in range(_BISECTIONS):
        size = (finest + coarsest) / 2
        if len(np.unique(_cells(mesh.vertices - low, size))) > most:
            finest = size
        else:
            coarsest = size
    _, members = np.unique(_cells(mesh.vertices - low, coarsest), return_inverse=True)
    count = int(members.max()) + 1
    triangles = members[mesh.triangles]
    corners = np.sort(triangles, axis=1)
    whole = (corners[:, 0] < corners[:, 1]) & (corners[:, 1] < corners[:, 2])
    _, first = np.unique(corners[whole], axis=0, return_index=True)
    summed = _means(normals, members, count)
    length = np.linalg.norm(summed, axis=1, keepdims=True)
    colours = None if mesh.colours is None else _means(mesh.colours, members, count)
    coarse = Mesh(_means(mesh.vertices, members, count), triangles[whole][np.sort(first)], colours)
    return coarse, np.where(length > 1e-9, summed / np.maximum(length, 1e-9), coarse.normals())


def _cells(points: np.ndarray, size: float) -> np.ndarray:
    """Return (V,) the number of each point's cell."""
    x, y, z = (points / max(size, 1e-12)).astype(np.int64).T
    return (x << 42) | (y << 21) | z


def _means(values: np.ndarray, members: np.ndarray, count: int) -> np.ndarray:
    sums = np.stack([np.bincount(members, column, count) for column in values.T], axis=1)
    return sums / np.bincount(members, minlength=count)[:, None]
